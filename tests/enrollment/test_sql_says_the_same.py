"""Where rows are many, SQL decides in their place: it says what the pure functions say, of random situations (rule ELI-1).

`SITUATIONS=1000000 pytest tests/enrollment/test_sql_says_the_same.py` asks about a million.
"""

import os
from collections.abc import Iterator
from itertools import count

import pytest
from django.db import transaction

from accounts.models import Location
from enrollment import eligibility
from enrollment.eligibility_facts import facts_of
from enrollment.eligibility_sql import outcomes
from enrollment.ranges import EVERYWHERE, cut
from enrollment.requirements import groups_of
from incentives_portal.core import clock
from incentives_portal.core.fragments import rows_of
from tests.enrollment.random_world import World, groups, make_world

pytestmark = pytest.mark.django_db
SITUATIONS = int(os.environ.get("SITUATIONS", "3000"))


def worlds() -> Iterator[World]:
    """One after the other, each taken back before the next."""
    for seed in count(1):
        with transaction.atomic():
            yield make_world(seed, clock.today())
            transaction.set_rollback(True)


@pytest.mark.rule("ELI-1")
def test_who_is_eligible() -> None:
    asked = eligible = 0
    for world in worlds():
        stored = {program.pk: groups_of(program) for program in world.programs}
        for day in (world.today, world.day(), world.day()):
            found = {(program, place): (is_met, met) for program, place, _, is_met, met in rows_of(outcomes(stored, day))}
            facts = facts_of(list(Location.objects.select_related("partner")))
            for (program, place), said in found.items():
                decision = eligibility.evaluate(stored[program], facts[place], day)
                assert said == (decision.eligible, [group.met for group in decision.groups])
            assert len(found) == len(world.programs) * len(world.locations)
            asked, eligible = asked + len(found), eligible + sum(is_met for is_met, _ in found.values())
        if asked >= SITUATIONS:
            break
    assert 0.1 < eligible / asked < 0.9, "both answers are common"


@pytest.mark.rule("ELI-1")
def test_ranges_leave_nobody_out_and_ask_nobody_twice() -> None:
    for world in worlds():
        stored = {world.programs[0].pk: groups(world)}
        whole = rows_of(outcomes(stored, world.today, EVERYWHERE))
        for size in (1, 2, 7, 1000):
            ranges = list(cut(size))
            in_parts = [row for within in ranges for row in rows_of(outcomes(stored, world.today, within))]
            assert sorted(in_parts) == sorted(whole)
        if world.chance.random() < 0.2:
            break
    assert len(ranges) == 1
