"""Planning a rollover and approving the plan."""

import math
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment.errors import RefusedError
from enrollment.models import RolloverLine, RolloverPlan, RolloverRange
from enrollment.ranges import SIZE, cut
from enrollment.rollover_sql import VERDICT, judged
from incentives_portal.core import audit, clock
from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.fragments import Sql, rows_of, run, sql

from . import ranges

Told = Callable[[RolloverRange], None]
ANOTHER = gettext_lazy("Another plan for this fiscal year is approved already.")
_LINES = f"""
INSERT INTO enrollment_rolloverline (plan_id, enrollment_id, verdict, reason, was)
SELECT %s, found.id, found.verdict, found.reason, CASE WHEN %s::uuid IS NULL THEN '' ELSE coalesce((
    SELECT CASE WHEN (line.verdict, line.reason) = (found.verdict, found.reason) THEN '' ELSE concat(line.verdict, ':', line.reason) END
    FROM enrollment_rolloverline line WHERE line.enrollment_id = found.id AND line.plan_id = %s
), 'new') END
FROM (SELECT judged.id, judged.reason, {VERDICT} AS verdict FROM ({{judged}}) judged) found
"""  # noqa: S608
_FORECAST = f"SELECT {VERDICT} AS verdict, count(*) FROM ({{judged}}) judged GROUP BY 1"  # noqa: S608
_COUNTED = """
SELECT g.code, line.was, line.verdict, line.reason, count(*) FROM enrollment_rolloverline line
JOIN enrollment_enrollment e ON e.id = line.enrollment_id JOIN enrollment_program g ON g.id = e.program_id
WHERE line.plan_id = %s GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


def plan(*, fiscal_year: FiscalYear, by: Any, told: Told | None = None, size: int = SIZE) -> RolloverPlan:
    """Judges every accepted enrollment of the year that ends, and changes nothing: a line for each, with the reason.

    A year can be planned as often as one likes, before or after its end; the approved plan is the one that is applied.
    """
    made = begin(fiscal_year=fiscal_year, by=by, size=size)
    finish(made, wait=True, told=told)
    made.refresh_from_db()
    return made


@transaction.atomic
def begin(*, fiscal_year: FiscalYear, by: Any, size: int = SIZE) -> RolloverPlan:
    """A plan in ranges of `size` locations, whose lines `finish` makes, here or in a worker."""
    last = RolloverPlan.objects.filter(fiscal_year=fiscal_year.ends_in, ready_at__isnull=False).order_by("-ready_at").first()
    made = RolloverPlan.objects.create(fiscal_year=fiscal_year.ends_in, planned_by=audit.person(by), compared_with=last)
    ranges.make(made, size=size)
    audit.record("rollover.planned", made, by=by)
    return made


def finish_all(*, until: float = math.inf) -> None:
    """Makes the lines of every plan that is being made, also of one whose maker died."""
    for made in RolloverPlan.objects.filter(ready_at=None).order_by("planned_at"):
        finish(made, until=until)


def finish(made: RolloverPlan, *, wait: bool = False, told: Told | None = None, until: float = math.inf) -> None:
    """Makes the lines that a plan still lacks, beside any other worker that does."""
    unplanned = RolloverRange.objects.filter(plan=made, planned_at=None)
    for done in ranges.work_through(unplanned, partial(_plan_range, made), wait=wait, until=until):
        if told:
            told(done)
    _conclude(made)


def _plan_range(made: RolloverPlan, part: RolloverRange) -> None:
    add_lines(made, part)
    RolloverRange.objects.filter(pk=part.pk).update(planned_at=DatabaseNow())


def add_lines(made: RolloverPlan, part: RolloverRange) -> int:
    """The verdict on each enrollment of the range that the plan doesn't know yet. Returns how many."""
    return run(
        sql(_LINES, made.pk, made.compared_with_id, made.compared_with_id, judged=judged(made.year, part.places, besides=made.pk))
    )


@transaction.atomic
def _conclude(made: RolloverPlan) -> None:
    row = RolloverPlan.objects.select_for_update(of=("self",)).get(pk=made.pk)
    if row.ready_at is None and not row.ranges.filter(planned_at=None).exists():
        row.ready_at = clock.now()
        count(row)
        row.save(update_fields=["ready_at", "totals", "changes"])


def count(made: RolloverPlan) -> None:
    """Sets the plan's totals, by program, verdict and reason, and what changed since the plan before it."""
    totals: Counter[tuple[str, str, str]] = Counter()
    made.changes = []
    for program, was, verdict, reason, number in rows_of(Sql(_COUNTED, (made.pk,))):
        totals[program, verdict, reason] += number
        if was:
            made.changes.append({"program": program, "was": was, "verdict": verdict, "reason": reason, "number": number})
    names = ("program", "verdict", "reason")
    made.totals = [dict(zip(names, key, strict=True)) | {"number": number} for key, number in totals.items()]


def forecast(fiscal_year: FiscalYear, *, told: Callable[[], None] = lambda: None) -> dict[str, int]:
    """What a plan would say now, counted by verdict; nothing is stored."""
    counts: Counter[str] = Counter(dict.fromkeys(RolloverLine.Verdict.values, 0))
    for within in cut():
        counts.update(dict(rows_of(sql(_FORECAST, judged=judged(fiscal_year, within)))))
        told()
    return dict(counts)


def summary(made: RolloverPlan) -> dict[str, dict[str, int]]:
    """How many lines there are per verdict and per reason."""
    verdicts: Counter[str] = Counter(dict.fromkeys(RolloverLine.Verdict.values, 0))
    reasons: Counter[str] = Counter()
    for row in made.totals:
        verdicts[row["verdict"]] += row["number"]
        if row["reason"]:
            reasons[row["reason"]] += row["number"]
    return {"verdicts": dict(verdicts), "reasons": dict(sorted(reasons.items()))}


@transaction.atomic
def approve(*, plan: RolloverPlan, by: Any) -> RolloverPlan:
    """Approves a plan; approving it twice changes nothing.

    Raises RefusedError where the same person planned it, it isn't ready, or another plan of the year is approved already.
    """
    plan = RolloverPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    if plan.approved_at:
        return plan
    if plan.planned_by_id and plan.planned_by_id == by.pk:
        raise RefusedError(_("A plan is approved by a second program manager; you made this one."))
    if plan.ready_at is None:
        raise RefusedError(_("This plan is still being made. Approve it when it is ready."))
    if RolloverPlan.objects.filter(fiscal_year=plan.fiscal_year, approved_at__isnull=False).exists():
        raise RefusedError(str(ANOTHER))
    plan.approved_at, plan.approved_by = clock.now(), audit.person(by)
    try:
        with transaction.atomic():
            plan.save(update_fields=["approved_at", "approved_by"])
    except IntegrityError:  # just now, by somebody else
        raise RefusedError(str(ANOTHER)) from None
    audit.record("rollover.approved", plan, by=by, after=summary(plan))
    return plan
