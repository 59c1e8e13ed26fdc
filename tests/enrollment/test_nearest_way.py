"""The nearest way to becoming eligible is the least that meets everything (rule ELI-2)."""

import datetime as dt
import itertools
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from enrollment import nearest_way as module
from enrollment.eligibility import Group, Item, LocationFacts, evaluate
from enrollment.nearest_way import nearest_way

pytestmark = pytest.mark.rule("ELI-2")


def item(kind: str, name: str = "", held_by: str = "", **observed: Any) -> dict[str, Any]:
    asked = {"kind": kind, "agreement": "", "designation": "", "level": "", "held_by": held_by, "countries": []}
    if kind in {"agreement", "designation"}:
        asked[kind] = name
    return {"item": asked, "met": False, "observed": observed}


def group(*items: dict[str, Any], met: bool = False) -> dict[str, Any]:
    return {"title_en": "G", "title_sv": "K", "met": met, "items": list(items)}


MEMBER, ABROAD = item("active_membership"), item("country")
SIGN, RENEW = item("agreement", "a"), item("agreement", "b", signed_on="2020-01-01")
EARN, EARN_ANYWHERE = item("designation", "d", "location"), item("designation", "d", "any_location")


def steps(*groups: dict[str, Any]) -> list[dict[str, Any]]:
    return [step.item for step in nearest_way(groups).steps]


def test_what_is_met_asks_for_nothing() -> None:
    way = nearest_way([group(MEMBER, met=True)])
    assert (way.steps, way.barred) == ((), ())
    assert nearest_way([]) == way


def test_the_easier_of_two_items_is_the_way() -> None:
    assert steps(group(SIGN, RENEW)) == [RENEW]
    assert steps(group(EARN, MEMBER)) == [MEMBER]
    assert steps(group(EARN, EARN_ANYWHERE)) == [EARN_ANYWHERE]


def test_one_thing_that_meets_two_requirements_goes_before_two_easier_ones() -> None:
    way = nearest_way([group(MEMBER, EARN), group(RENEW, EARN)])
    assert [step.item for step in way.steps] == [EARN]
    assert len(way.steps[0].meets) == 2


def test_a_country_is_no_way_and_alone_bars_it() -> None:
    assert steps(group(ABROAD, SIGN)) == [SIGN]
    way = nearest_way([group(ABROAD), group(MEMBER)])
    assert [step.item for step in way.steps] == [MEMBER]
    assert len(way.barred) == 1


ITEMS = [MEMBER, ABROAD, SIGN, RENEW, EARN, EARN_ANYWHERE, item("agreement", "c"), item("membership_migrated")]


@given(some.lists(some.lists(some.sampled_from(ITEMS), min_size=1, max_size=4).map(lambda items: group(*items)), max_size=5))
@settings(max_examples=300)
def test_no_way_is_shorter_and_the_quick_one_leads_there_too(groups: list[dict[str, Any]]) -> None:
    way = nearest_way(groups)
    reachable = [one for one in groups if one not in way.barred]
    done = [step.item for step in way.steps]
    assert all(any(item in one["items"] for item in done) for one in reachable)
    everything = {module._key(item): item for one in reachable for item in one["items"] if item is not ABROAD}
    for size in range(len(done)):
        for fewer in itertools.combinations(everything.values(), size):
            assert not all(any(item in one["items"] for item in fewer) for one in reachable)
    choices = [{module._key(item): item for item in one["items"] if item is not ABROAD} for one in reachable]
    quick = module._one_after_the_other(choices)
    assert all(quick & choice.keys() for choice in choices)


def test_hundreds_of_combinations_are_no_wait() -> None:
    many = [group(*(item("agreement", f"{number}-{other}") for other in range(20))) for number in range(20)]
    assert len(nearest_way(many).steps) == 20


def test_it_reads_what_the_rule_keeps() -> None:
    asked = [Group("A", "A", (Item("active_membership"),)), Group("B", "B", (Item("country", countries=("NO",)),))]
    receipt = asdict(evaluate(asked, LocationFacts("SE", membership_active=False), dt.date(2026, 1, 1)))
    way = nearest_way(receipt["groups"])
    assert [step.item["item"]["kind"] for step in way.steps] == ["active_membership"]
    assert [one["title_en"] for one in way.barred] == ["B"]
