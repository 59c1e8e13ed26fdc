"""What other requirements would do to the real partner base, before anybody is subject to them (rule ELI-1).

Nothing is stored here. Both rules are asked about the same facts on the same day, so what differs is the rule's doing alone.
One question counts, whatever the size of the base; the pure rule explains the few locations that are shown.
"""

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from accounts.models import Location
from enrollment.eligibility import Group, evaluate
from enrollment.eligibility_facts import facts_of
from enrollment.eligibility_sql import outcomes
from enrollment.models import Program
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.fragments import rows_of, sql

SAMPLES = 10

# `met` has the groups in force first, then those that are tried. All of none is met.
_COUNTED = """
WITH found AS MATERIALIZED (
    SELECT location_id, partner_id, met, %s AND true = ALL (met[:%s]) AS before, true = ALL (met[%s:]) AS after FROM ({outcomes}) one
), moved AS MATERIALIZED (SELECT * FROM found WHERE before <> after)
SELECT
    (SELECT jsonb_agg(jsonb_build_array(before, after, met, number))
     FROM (SELECT before, after, met, count(*) AS number FROM found GROUP BY before, after, met) one),
    (SELECT jsonb_agg(jsonb_build_array(after, number))
     FROM (SELECT after, count(DISTINCT partner_id) AS number FROM moved GROUP BY after) one),
    (SELECT jsonb_agg(jsonb_build_array(after, status, number)) FROM (
        SELECT moved.after, e.status, count(*) AS number FROM moved
        JOIN enrollment_enrollment e ON e.location_id = moved.location_id AND e.program_id = %s AND e.fiscal_year = %s
        GROUP BY moved.after, e.status) one),
    (SELECT jsonb_agg(location_id) FROM (
        SELECT location_id, row_number() OVER (PARTITION BY after ORDER BY location_id) AS place FROM moved) one
     WHERE place <= %s)
"""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """Locations that meet the same groups, in force and tried."""

    before: bool
    after: bool
    met: list[bool]
    number: int


def try_out(program: Program, in_force: Sequence[Group] | None, tried: Sequence[Group], day: dt.date) -> dict[str, Any]:
    """Every location under the requirements in force and under others: how many gain and lose eligibility, of how many
    partners, because of which requirements, what this year's enrollments of them read, and a few of them. Plain JSON.

    Without any `in_force` (None, other than an empty sequence), nobody is eligible before.
    """
    published = in_force or ()
    split = len(published)
    question = sql(
        _COUNTED,
        in_force is not None,
        split,
        split + 1,
        program.pk,
        FiscalYear.of(day).ends_in,
        SAMPLES,
        outcomes=outcomes({program.pk: (*published, *tried)}, day),
    )
    # Django leaves JSON as text.
    found, partners, statuses, sampled = (json.loads(part or "[]") for part in rows_of(question)[0])
    patterns = [_Pattern(*one) for one in found]
    samples = _samples([UUID(one) for one in sampled], published, tried, day)
    sides = {
        name: {
            "locations": _number(patterns, before=not gained, after=gained),
            "partners": next((number for after, number in partners if after is gained), 0),
            "reasons": _reasons(patterns, groups, 0 if gained else split, gained=gained),
            "statuses": {status: number for after, status, number in statuses if after is gained},
            "samples": samples[gained],
        }
        for name, gained, groups in (("gains", True, published), ("losses", False, tried))
    }
    totals = {
        "locations": sum(one.number for one in patterns),
        "before": sum(one.number for one in patterns if one.before),
        "after": sum(one.number for one in patterns if one.after),
    }
    return totals | sides


def _number(patterns: Sequence[_Pattern], *, before: bool, after: bool) -> int:
    return sum(one.number for one in patterns if (one.before, one.after) == (before, after))


def _reasons(patterns: Sequence[_Pattern], groups: Sequence[Group], start: int, *, gained: bool) -> list[dict[str, Any]]:
    """The groups that those who move don't meet, the most frequent first. They stand in `met` from `start` on."""
    unmet: Counter[int] = Counter()
    for one in patterns:
        if (one.before, one.after) == (not gained, gained):
            for number in range(len(groups)):
                unmet[number] += 0 if one.met[start + number] else one.number
    return [
        {"title_en": groups[number].title_en, "title_sv": groups[number].title_sv, "locations": count}
        for number, count in unmet.most_common()
        if count
    ]


def _samples(
    ids: Sequence[UUID], published: Sequence[Group], tried: Sequence[Group], day: dt.date
) -> dict[bool, list[dict[str, Any]]]:
    """A few that gain (True) and lose (False), with the receipts of the requirements that are why."""
    locations = list(Location.objects.filter(pk__in=ids).select_related("partner").order_by("pk"))
    facts, found = facts_of(locations), dict[bool, list[dict[str, Any]]]({True: [], False: []})
    for location in locations:
        old, new = (evaluate(groups, facts[location.pk], day) for groups in (published, tried))
        because = [asdict(group) for group in (old if new.eligible else new).groups if not group.met]
        found[new.eligible].append({"location": str(location.pk), "because": because})
    return found
