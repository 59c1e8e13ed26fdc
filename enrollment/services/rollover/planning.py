"""Planning a rollover and approving the plan."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from enrollment.derivation import BATCH
from enrollment.errors import RefusedError
from enrollment.models import Enrollment, RolloverLine, RolloverPlan
from enrollment.rollover import judge
from enrollment.rollover_facts import gather_for_rollover
from incentives_portal.core import audit, clock
from incentives_portal.core.fiscal import FiscalYear


@transaction.atomic
def plan(*, fiscal_year: FiscalYear, by: Any) -> RolloverPlan:
    """Judges every accepted enrollment of the year that ends, and changes nothing: a line for each, with the reason.

    A year can be planned as often as one likes, before or after its end; the approved plan is the one that is applied.
    """
    made = RolloverPlan.objects.create(fiscal_year=fiscal_year.ends_in, planned_by=audit.person(by))
    for rows in in_batches(accepted_in(fiscal_year)):
        RolloverLine.objects.bulk_create(lines_for(made, rows))
    audit.record("rollover.planned", made, by=by, after=summary(made))
    return made


def accepted_in(fiscal_year: FiscalYear) -> QuerySet[Enrollment]:
    """What a rollover of the year is about: accepted and not ended."""
    return Enrollment.objects.filter(fiscal_year=fiscal_year.ends_in, accepted_at__isnull=False, ended_at=None)


def in_batches(rows: QuerySet[Enrollment]) -> Iterator[list[Enrollment]]:
    """The rows with what they are judged by, some hundreds at a time, in the order of their ids."""
    last = UUID(int=0)
    while batch := list(rows.filter(pk__gt=last).select_related("program", "location", "partner").order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk


def lines_for(made: RolloverPlan, rows: Sequence[Enrollment]) -> list[RolloverLine]:
    """The verdict on each row, not saved."""
    judgements = {pk: judge(facts) for pk, facts in gather_for_rollover(rows).items()}
    return [
        RolloverLine(plan=made, enrollment=row, verdict=judgements[row.pk].verdict.value, reason=judgements[row.pk].reason.value)
        for row in rows
    ]


def summary(made: RolloverPlan) -> dict[str, dict[str, int]]:
    """How many lines there are per verdict and per reason."""
    counts: dict[str, dict[str, int]] = {"verdicts": dict.fromkeys(RolloverLine.Verdict.values, 0), "reasons": {}}
    for verdict, reason, number in made.lines.values_list("verdict", "reason").annotate(Count("pk")).order_by("verdict", "reason"):
        counts["verdicts"][verdict] += number
        if reason:
            counts["reasons"][reason] = counts["reasons"].get(reason, 0) + number
    return counts


@transaction.atomic
def approve(*, plan: RolloverPlan, by: Any) -> RolloverPlan:
    """Approves a plan; approving it twice changes nothing.

    Raises RefusedError where the same person planned it, or another plan of the year is approved already.
    """
    plan = RolloverPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    if plan.approved_at:
        return plan
    if plan.planned_by_id and plan.planned_by_id == by.pk:
        raise RefusedError(_("A plan is approved by a second program manager; you made this one."))
    if RolloverPlan.objects.filter(fiscal_year=plan.fiscal_year, approved_at__isnull=False).exists():
        raise RefusedError(_("Another plan for this fiscal year is approved already."))
    plan.approved_at, plan.approved_by = clock.now(), audit.person(by)
    plan.save(update_fields=["approved_at", "approved_by"])
    audit.record("rollover.approved", plan, by=by, after=summary(plan))
    return plan
