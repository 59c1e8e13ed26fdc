"""The requirements of a program as a pure rule: every kind of item, each on the days and places where it turns."""

import dataclasses
import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.eligibility import AgreementFact, DesignationFact, Group, Item, LocationFacts, evaluate

pytestmark = pytest.mark.rule("ELI-1")

DAY = dt.date(2026, 11, 2)
BEFORE, AFTER = DAY - dt.timedelta(days=1), DAY + dt.timedelta(days=1)
NOTHING = LocationFacts(country="SE", membership_active=False)

MEMBERSHIP = Item("active_membership")
MIGRATED = Item("membership_migrated")
NORDIC = Item("country", countries=("SE", "NO", "DK", "FI"))
RESELLER = Item("agreement", agreement="reseller-agreement")
SECURITY_HERE = Item("designation", designation="security", level="specialist", held_by="location")
SECURITY_ANYWHERE = dataclasses.replace(SECURITY_HERE, held_by="any_location")


def asks(*groups: tuple[Item, ...]) -> list[Group]:
    return [Group("Requirement", "Krav", items) for items in groups]


def met(item: Item, facts: LocationFacts, day: dt.date = DAY) -> bool:
    return evaluate(asks((item,)), facts, day).eligible


def test_a_program_without_requirements_is_open_to_all() -> None:
    assert evaluate([], NOTHING, DAY).eligible


@pytest.mark.parametrize("active", [True, False])
def test_active_membership(active: bool) -> None:
    assert met(MEMBERSHIP, LocationFacts("SE", active)) is active


@pytest.mark.parametrize(("migrated_on", "expected"), [(None, False), (BEFORE, True), (DAY, True), (AFTER, False)])
def test_membership_migration_counts_from_its_day(migrated_on: dt.date | None, expected: bool) -> None:
    assert met(MIGRATED, dataclasses.replace(NOTHING, membership_migrated_on=migrated_on)) is expected


@pytest.mark.parametrize(("country", "expected"), [("SE", True), ("FI", True), ("DE", False), ("se", False), ("", False)])
def test_country_in_the_list(country: str, expected: bool) -> None:
    assert met(NORDIC, LocationFacts(country, True)) is expected


@pytest.mark.parametrize(("first", "expected"), [(BEFORE, True), (DAY, True), (AFTER, False)])
@pytest.mark.parametrize(("last", "lasts"), [(None, True), (AFTER, True), (DAY, True), (BEFORE, False)])
def test_an_agreement_is_in_force_from_its_signing_to_its_last_day(
    first: dt.date, expected: bool, last: dt.date | None, lasts: bool
) -> None:
    facts = dataclasses.replace(NOTHING, agreements=(AgreementFact("reseller-agreement", first, last),))
    assert met(RESELLER, facts) is (expected and lasts)


def test_another_agreement_does_not_count() -> None:
    assert not met(RESELLER, dataclasses.replace(NOTHING, agreements=(AgreementFact("hosting-agreement", BEFORE),)))


@pytest.mark.parametrize(("first", "expected"), [(BEFORE, True), (DAY, True), (AFTER, False)])
@pytest.mark.parametrize(("last", "lasts"), [(None, True), (AFTER, True), (DAY, True), (BEFORE, False)])
@pytest.mark.parametrize(
    ("here", "item", "counts"),
    [(True, SECURITY_HERE, True), (False, SECURITY_HERE, False), (False, SECURITY_ANYWHERE, True), (True, SECURITY_ANYWHERE, True)],
)
def test_a_designation_counts_while_it_lasts_and_where_it_is_held(
    first: dt.date, expected: bool, last: dt.date | None, lasts: bool, here: bool, item: Item, counts: bool
) -> None:
    facts = dataclasses.replace(NOTHING, designations=(DesignationFact("security", "specialist", first, last, here),))
    assert met(item, facts) is (expected and lasts and counts)


@pytest.mark.parametrize(("designation", "level"), [("security", "solutions-partner"), ("modern-work", "specialist")])
def test_a_designation_of_another_area_or_level_does_not_count(designation: str, level: str) -> None:
    assert not met(SECURITY_HERE, dataclasses.replace(NOTHING, designations=(DesignationFact(designation, level, BEFORE),)))


def test_one_item_of_a_group_suffices_and_every_group_is_needed() -> None:
    member = LocationFacts("DE", True)
    assert evaluate(asks((NORDIC, MEMBERSHIP)), member, DAY).eligible
    assert not evaluate(asks((NORDIC,), (MEMBERSHIP,)), member, DAY).eligible


days = st.dates(dt.date(2026, 10, 25), dt.date(2026, 11, 10))
lasting = st.tuples(days, st.none() | days).filter(lambda pair: pair[1] is None or pair[0] <= pair[1])
agreements = st.builds(
    lambda name, pair: AgreementFact(name, *pair), st.sampled_from(["reseller-agreement", "hosting-agreement"]), lasting
)
designations = st.builds(
    lambda area, level, pair, here: DesignationFact(area, level, *pair, here=here),
    st.sampled_from(["security", "modern-work"]),
    st.sampled_from(["specialist", "solutions-partner"]),
    lasting,
    st.booleans(),
)
facts_of_a_location = st.builds(
    LocationFacts,
    st.sampled_from(["SE", "DE", "NO"]),
    st.booleans(),
    st.none() | days,
    st.lists(agreements, max_size=4).map(tuple),
    st.lists(designations, max_size=4).map(tuple),
)
items = st.sampled_from(
    [
        MEMBERSHIP,
        MIGRATED,
        NORDIC,
        RESELLER,
        dataclasses.replace(RESELLER, agreement="hosting-agreement"),
        SECURITY_HERE,
        SECURITY_ANYWHERE,
    ]
)
programs = st.lists(st.lists(items, min_size=1, max_size=3).map(tuple), max_size=4)


@given(programs, facts_of_a_location, days)
def test_the_decision_is_all_of_any_of(groups: list[tuple[Item, ...]], facts: LocationFacts, day: dt.date) -> None:
    decision = evaluate(asks(*groups), facts, day)

    assert decision.eligible is all(any(met(item, facts, day) for item in group) for group in groups)


@given(programs, facts_of_a_location, days, items)
def test_one_more_item_never_takes_away_and_one_more_group_never_gives(
    groups: list[tuple[Item, ...]], facts: LocationFacts, day: dt.date, extra: Item
) -> None:
    eligible = evaluate(asks(*groups), facts, day).eligible

    assert evaluate(asks(*((*group, extra) for group in groups)), facts, day).eligible >= eligible
    assert evaluate(asks(*groups, (extra,)), facts, day).eligible <= eligible


@given(programs, facts_of_a_location, days)
def test_the_order_of_what_is_known_makes_no_difference(groups: list[tuple[Item, ...]], facts: LocationFacts, day: dt.date) -> None:
    turned = dataclasses.replace(facts, agreements=facts.agreements[::-1], designations=facts.designations[::-1])

    assert evaluate(asks(*groups), turned, day) == evaluate(asks(*groups), facts, day)


@given(facts_of_a_location, days)
def test_what_the_location_holds_itself_is_also_held_by_any_location(facts: LocationFacts, day: dt.date) -> None:
    assert met(SECURITY_ANYWHERE, facts, day) >= met(SECURITY_HERE, facts, day)


@pytest.mark.rule("ELI-2")
@given(programs, facts_of_a_location, days)
def test_the_receipt_says_per_item_what_was_asked_observed_and_found(
    groups: list[tuple[Item, ...]], facts: LocationFacts, day: dt.date
) -> None:
    decision = evaluate(asks(*groups), facts, day)
    receipt = json.loads(json.dumps(decision.as_json()))

    assert receipt["eligible"] is decision.eligible is all(group["met"] for group in receipt["groups"])
    assert [[entry["item"]["kind"] for entry in group["items"]] for group in receipt["groups"]] == [
        [item.kind for item in group] for group in groups
    ]
    assert all(group["met"] is any(entry["met"] for entry in group["items"]) for group in receipt["groups"])
    assert all(entry["observed"] for group in receipt["groups"] for entry in group["items"])


@pytest.mark.rule("ELI-2")
def test_the_receipt_shows_the_agreement_that_lasts_longest() -> None:
    known = (
        AgreementFact("reseller-agreement", dt.date(2020, 1, 1), dt.date(2021, 1, 1)),
        AgreementFact("reseller-agreement", dt.date(2025, 1, 1), dt.date(2026, 12, 31)),
        AgreementFact("reseller-agreement", dt.date(2027, 1, 1)),
    )
    (group,) = evaluate(asks((RESELLER,)), dataclasses.replace(NOTHING, agreements=known), DAY).groups

    assert group.items[0].observed == {"signed_on": "2025-01-01", "ends_on": "2026-12-31"}
