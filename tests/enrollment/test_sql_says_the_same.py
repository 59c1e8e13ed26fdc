"""Where rows are many, SQL decides in their place: it says what the pure functions say, of random situations.

`SITUATIONS=1000000 pytest tests/enrollment/test_sql_says_the_same.py -s` asks each question about a million.
"""

import datetime as dt
import os
from collections import Counter
from collections.abc import Iterator
from itertools import count

import pytest
from django.db import transaction

from accounts.models import Location
from enrollment import eligibility
from enrollment.derivation import differences, rederive
from enrollment.eligibility_facts import facts_of
from enrollment.eligibility_sql import outcomes
from enrollment.facts import gather
from enrollment.models import Enrollment
from enrollment.ranges import EVERYWHERE, cut
from enrollment.requirements import groups_of
from enrollment.rollover import EndsBecause, judge
from enrollment.rollover_facts import gather_for_rollover
from enrollment.rollover_sql import judged
from enrollment.status import derive
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.fragments import rows_of
from tests.enrollment.random_enrollments import fill
from tests.enrollment.random_world import World, groups, make_world

pytestmark = pytest.mark.django_db
SITUATIONS = int(os.environ.get("SITUATIONS", "2000"))


def worlds() -> Iterator[World]:
    """One after the other, each taken back before the next."""
    for seed in count(1):
        with transaction.atomic():
            # Larger worlds where many situations are wanted: then it is not their making that takes the time.
            yield make_world(seed, clock.today(), partners=12 if SITUATIONS < 100_000 else 60)
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


def days(world: World) -> Iterator[None]:
    """Today, and some days around it and around the year's end; the clock reads each in its turn."""
    for day in (world.today, world.day(), world.day(), world.day()):
        clock.move_to(clock.start_of(day) + dt.timedelta(hours=world.chance.randint(1, 22)))
        yield


@pytest.mark.rule("STA-1")
def test_what_the_status_is() -> None:
    """The rows that SQL derives have the status, the requirements and the next date that each has by itself."""
    seen: Counter[str] = Counter()
    for world in worlds():
        ids = [row.pk for row in fill(world)]
        for _ in days(world):
            rederive(ids, cause="time")
            rows = list(Enrollment.objects.select_related("program"))
            for row, facts in zip(rows, gather(rows).values(), strict=True):
                outcome = derive(facts)
                again = clock.start_of(outcome.again_on) if outcome.again_on else None
                said = (row.status, row.reason, row.requirements, row.derive_again_at)
                assert said == (outcome.status, outcome.reason, [one.as_json() for one in outcome.requirements], again)
            seen.update(f"{row.status} {row.reason}".strip() for row in rows)
        assert differences() == (len(ids), [])
        if seen.total() >= SITUATIONS:
            break
    print(f"{seen.total():,} statuses: {dict(seen.most_common())}")
    assert len(seen) > 12, "every status, for nearly every reason"


@pytest.mark.rule("FIS-2")
def test_what_becomes_of_it() -> None:
    seen: Counter[str] = Counter()
    for world in worlds():
        fill(world)
        year = FiscalYear.of(world.today)
        accepted = Enrollment.objects.filter(fiscal_year=year.ends_in, accepted_at__isnull=False, ended_at=None)
        for _ in days(world):
            rows = list(accepted.select_related("program", "location", "partner"))
            alone = {pk: judge(facts).reason.value for pk, facts in gather_for_rollover(rows).items()}
            assert dict(rows_of(judged(year, EVERYWHERE))) == alone
            seen.update(alone.values())
        if seen.total() >= SITUATIONS:
            break
    print(f"{seen.total():,} verdicts: {dict(seen.most_common())}")
    assert set(seen) == {reason.value for reason in EndsBecause}
