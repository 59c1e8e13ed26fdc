"""Applying an approved plan: range by range with a transaction each, so that a run that is killed is finished by the next."""

import math
import time
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from enrollment.errors import RefusedError
from enrollment.models import Enrollment, RolloverPlan, RolloverRange
from incentives_portal.core import audit, clock
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.locks import alone
from incentives_portal.core.waking import wake_on_commit

from . import ranges
from .planning import Told, add_lines, approve, count, finish_all, plan
from .turning import turn


@dataclass(slots=True)
class Applied:
    """What was done: enrollments continued, held and ended, invitations that nobody answered in time, lines whose
    enrollment had come to another end meanwhile (left alone), and enrollments accepted after the plan was made (late)."""

    continued: int = 0
    held: int = 0
    ended: int = 0
    unanswered: int = 0
    left_alone: int = 0
    late: int = 0

    def as_json(self) -> dict[str, int]:
        return asdict(self)

    def add(self, counts: dict[str, int]) -> None:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + counts.get(one.name, 0))


def report(plan: RolloverPlan) -> Applied:
    """What has been done of a plan so far, by whomever."""
    done = Applied()
    for counts in plan.ranges.filter(applied_at__isnull=False).values_list("counts", flat=True):
        done.add(counts)
    return done


def apply(*, plan: RolloverPlan, by: Any, wait: bool = True, told: Told | None = None, until: float = math.inf) -> Applied:
    """Applies an approved plan, any time after the year's end. Twice is the same as once; a killed run is taken up again.

    Several may do so at once, each a range at a time; returned is what this one did. The plan rules: what was approved is
    done, even if a fact has changed since; only what has ended meanwhile is left alone, and a program that is gone can't be
    continued. Enrollments accepted after the planning are judged now, by the same rule, and added to the plan. A paused plan
    stays where it is. Raises RefusedError before the year's end, and for a plan that nobody approved.
    """
    must_be_due(plan)
    RolloverPlan.objects.filter(pk=plan.pk, started_at=None).update(started_at=DatabaseNow())
    mine = Applied()
    due = RolloverRange.objects.filter(plan=plan, applied_at=None, plan__paused_at=None)
    for done in ranges.work_through(due, partial(_apply_range, plan, by), wait=wait, until=until):
        mine.add(done.counts)
        if told:
            told(done)
    _conclude(plan, by)
    return mine


def must_be_due(plan: RolloverPlan) -> None:
    """Raises RefusedError before the year's end, for a plan that nobody approved, and while the year before is being applied."""
    if not plan.approved_at:
        raise RefusedError(_("This plan is not approved. A second program manager approves it first."))
    if clock.today() <= plan.year.last_day:
        raise RefusedError(_("%(year)s is not over yet; a rollover is applied after its last day.") % {"year": plan.year})
    if RolloverPlan.objects.filter(fiscal_year__lt=plan.fiscal_year, approved_at__isnull=False, applied_at=None).exists():
        raise RefusedError(_("The rollover of an earlier year is approved and not applied yet. It comes first."))


def _apply_range(plan: RolloverPlan, by: Any, part: RolloverRange) -> None:
    late = add_lines(plan, part)
    part.counts = turn(plan, part, by=by) | {"late": late}
    part.applied_at = clock.now()
    part.save(update_fields=["counts", "applied_at"])


@transaction.atomic
def _conclude(plan: RolloverPlan, by: Any) -> None:
    """After the last range: the plan is applied, whoever did it."""
    row = RolloverPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    if row.applied_at is None and not row.ranges.filter(applied_at=None).exists():
        row.applied_at = clock.now()
        count(row)  # with those that came late
        row.save(update_fields=["applied_at", "totals", "changes"])
        audit.record("rollover.applied", row, by=by, after=report(row).as_json())
    plan.refresh_from_db()


@transaction.atomic
def pause(*, plan: RolloverPlan, by: Any) -> None:
    """Nobody takes the next range until it is resumed; what is under way is finished. Twice is the same as once."""
    if RolloverPlan.objects.filter(pk=plan.pk, approved_at__isnull=False, applied_at=None, paused_at=None).update(
        paused_at=DatabaseNow()
    ):
        audit.record("rollover.paused", plan, by=by)
    plan.refresh_from_db()


@transaction.atomic
def start(*, plan: RolloverPlan, by: Any) -> None:
    """Has workers apply an approved plan whose year is over, or go on with one that is paused. Raises RefusedError."""
    must_be_due(plan)
    if RolloverPlan.objects.filter(pk=plan.pk, paused_at__isnull=False).update(paused_at=None):
        audit.record("rollover.resumed", plan, by=by)
    RolloverPlan.objects.filter(pk=plan.pk, started_at=None).update(started_at=DatabaseNow())
    plan.refresh_from_db()
    wake_on_commit("enrollment.tasks.continue_fiscal_year")


def continue_ended_years(*, automatic: bool, seconds: float = math.inf, by: Any = SYSTEM) -> bool:
    """Applies the approved plan of every year that is over and still has something live, the oldest year first.

    With `automatic`, what has no approved plan is planned and approved as well, by the portal itself. Takes no new range after
    so many seconds, and says whether any is left to take.
    """
    until = time.monotonic() + seconds
    live = Enrollment.objects.filter(invited_at__isnull=False, declined_at=None, ended_at=None)
    current = FiscalYear.of(clock.today()).ends_in
    first = live.filter(fiscal_year__lt=current).order_by("fiscal_year").values_list("fiscal_year", flat=True).first()
    for number in range(first or current, current):
        approved = _approved(number) or (_approve_by_itself(FiscalYear(number), by) if automatic else None)
        if approved is not None and live.filter(fiscal_year=number).exists():
            apply(plan=approved, by=by, wait=False, until=until)
            if approved.applied_at is None:
                break  # what it carries over is the next year's to continue
    return RolloverRange.objects.filter(
        applied_at=None, plan__paused_at=None, plan__approved_at__isnull=False, plan__fiscal_year__lt=current
    ).exists()


def _approved(ends_in: int) -> RolloverPlan | None:
    return RolloverPlan.objects.filter(fiscal_year=ends_in, approved_at__isnull=False).first()


def _approve_by_itself(year: FiscalYear, by: Any) -> RolloverPlan | None:
    with alone("rollover by itself") as free:
        return approve(plan=plan(fiscal_year=year, by=by), by=by) if free else None


def go_on(*, automatic: bool, seconds: float) -> bool:
    """What a worker does: plans that are being made, then years that are over. Says whether anything is left to do.

    So many workers do as the setting ROLLOVER_WORKERS says; the others leave it to them.
    """
    for place in range(settings.ROLLOVER_WORKERS):
        with alone(f"rollover {place}") as free:
            if free:
                finish_all(until=time.monotonic() + seconds)
                return (
                    continue_ended_years(automatic=automatic, seconds=seconds)
                    or RolloverPlan.objects.filter(ready_at=None).exists()
                )
    return False
