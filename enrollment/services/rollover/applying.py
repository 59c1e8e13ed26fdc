"""Applying an approved plan: in chunks with a transaction each, so that a run that is killed is finished by the next."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from enrollment.announcing import audiences, tell
from enrollment.derivation import BATCH, lock, settle
from enrollment.errors import RefusedError
from enrollment.models import EndReason, Enrollment, Notice, RolloverLine, RolloverPlan
from enrollment.services.opening import open_year
from incentives_portal.core import audit, clock
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.locks import alone

from .carrying import carry_on, lock_profiles
from .planning import accepted_in, approve, in_batches, lines_for, plan

ENDED = ("ended_at", "end_reason")


@dataclass(slots=True)
class Applied:
    """What this run did: enrollments continued, held and ended, invitations that nobody answered in time, lines whose
    enrollment had come to another end meanwhile (left alone), and enrollments accepted after the plan was made (late)."""

    continued: int = 0
    held: int = 0
    ended: int = 0
    unanswered: int = 0
    left_alone: int = 0
    late: int = 0

    def as_json(self) -> dict[str, int]:
        return asdict(self)


def apply(*, plan: RolloverPlan, by: Any) -> Applied:
    """Applies an approved plan, any time after the year's end. Twice is the same as once; a killed run is taken up again.

    The plan rules: what was approved is done, even if a fact has changed since; only what has ended meanwhile is left
    alone, and a program that is gone can't be continued. Enrollments accepted after the planning are judged now, by the
    same rule, and added to the plan. Raises RefusedError before the year's end, and for a plan that nobody approved.
    """
    year, applied = FiscalYear(plan.fiscal_year), Applied()
    if not plan.approved_at:
        raise RefusedError(_("This plan is not approved. A second program manager approves it first."))
    if clock.today() <= year.last_day:
        raise RefusedError(_("%(year)s is not over yet; a rollover is applied after its last day.") % {"year": year})
    with alone("rollover") as free:
        if not free:
            raise RefusedError(_("A rollover is being applied right now. Wait for it to finish."))
        open_year(fiscal_year=year.next, by=by)
        _add_the_late(plan, year, applied)
        while _apply_chunk(plan, year, by, applied):
            pass
        while _end_unanswered(year, by, applied):
            pass
        _conclude(plan, by, applied)
    return applied


def _add_the_late(plan: RolloverPlan, year: FiscalYear, applied: Applied) -> None:
    """Lines for enrollments that were accepted between the planning and the year's end."""
    planned = RolloverLine.objects.filter(plan=plan, enrollment=OuterRef("pk"))
    for rows in in_batches(accepted_in(year).filter(~Exists(planned))):
        applied.late += len(RolloverLine.objects.bulk_create(lines_for(plan, rows)))


@transaction.atomic
def _apply_chunk(plan: RolloverPlan, year: FiscalYear, by: Any, applied: Applied) -> bool:
    """Applies some hundred lines, and whether there were any."""
    lines = list(plan.lines.select_for_update(of=("self",)).filter(applied_at=None).order_by("pk")[:BATCH])
    if not lines:
        return False
    old, new = _lock_both_years([line.enrollment_id for line in lines], year)
    live = [line for line in lines if not old[line.enrollment_id].ended_at]
    applied.left_alone += len(lines) - len(live)
    now, heirs = clock.now(), {}
    for line in live:
        row = old[line.enrollment_id]
        heir = new.get((row.program_id, row.location_id)) if line.verdict != RolloverLine.Verdict.END else None
        row.ended_at, row.end_reason = now, _end_reason(line, heir)
        if heir is not None and heir.invited_at is None:
            heirs[row.pk] = heir
    # The old one ends first: a location has at most one live enrollment in a program.
    settle([old[line.enrollment_id] for line in live], facts=ENDED, cause="year_ended", by=by)
    carry_on([(old[pk], heir) for pk, heir in heirs.items()], by=by)
    _tell_and_record([old[line.enrollment_id] for line in live], by=by)
    plan.lines.filter(pk__in=[line.pk for line in lines]).update(applied_at=DatabaseNow())
    held = sum(line.verdict == RolloverLine.Verdict.HOLD and line.enrollment_id in heirs for line in live)
    applied.held += held
    applied.continued += len(heirs) - held
    applied.ended += len(live) - len(heirs)
    return True


def _lock_both_years(
    ids: Collection[UUID], year: FiscalYear
) -> tuple[dict[UUID, Enrollment], dict[tuple[UUID, UUID | None], Enrollment]]:
    """The rows of the old year by id and those of the new one by program and location, locked after their profiles."""
    rows = Enrollment.objects.filter(pk__in=ids)
    lock_profiles(rows)
    places = set(rows.values_list("program_id", "location_id"))
    following = Enrollment.objects.filter(
        fiscal_year=year.next.ends_in,
        program__in={program for program, _ in places},
        location__in={place for _, place in places if place},
    ).values_list("pk", "program_id", "location_id")
    heirs = [pk for pk, *place in following if tuple(place) in places]
    locked = lock([*ids, *heirs])
    old = {row.pk: row for row in locked if row.fiscal_year == year.ends_in}
    return old, {(row.program_id, row.location_id): row for row in locked if row.fiscal_year != year.ends_in}


def _end_reason(line: RolloverLine, heir: Enrollment | None) -> str:
    if line.verdict == RolloverLine.Verdict.END:
        return line.reason
    # Planned to go on, but the year to come has no row: the program has gone since.
    return EndReason.NOT_OFFERED if heir is None else EndReason.YEAR_ENDED


def _tell_and_record(rows: Collection[Enrollment], *, by: Any) -> None:
    """The incentives admins hear what is not continued, and why."""
    ended = [row for row in rows if row.end_reason not in {EndReason.YEAR_ENDED, EndReason.PGA_HISTORY}]
    found = audiences(ended) if ended else {}
    for row in ended:
        for user in found[row.pk].admins:
            tell(row, user, Notice.Kind.NOT_CONTINUED, mail="not_continued", key=f"not_continued:{row.pk}:{user.pk}")
    for row in rows:
        audit.record("enrollment.ended", row, by=by, after={"reason": row.end_reason})


@transaction.atomic
def _end_unanswered(year: FiscalYear, by: Any, applied: Applied) -> bool:
    """Ends some hundred invitations that nobody answered, so that the new year may invite; and whether there were any."""
    unanswered = Enrollment.objects.filter(
        fiscal_year=year.ends_in, invited_at__isnull=False, accepted_at=None, declined_at=None, ended_at=None
    )
    rows = lock(list(unanswered.order_by("pk").values_list("pk", flat=True)[:BATCH]))
    rows = [row for row in rows if not (row.accepted_at or row.declined_at or row.ended_at)]
    now = clock.now()
    for row in rows:
        row.ended_at, row.end_reason = now, EndReason.YEAR_ENDED
    settle(rows, facts=ENDED, cause="year_ended", by=by)
    applied.unanswered += len(rows)
    return bool(rows)


@transaction.atomic
def _conclude(plan: RolloverPlan, by: Any, applied: Applied) -> None:
    if RolloverPlan.objects.filter(pk=plan.pk, applied_at=None).update(applied_at=DatabaseNow()):
        audit.record("rollover.applied", plan, by=by, after=applied.as_json())
    plan.refresh_from_db()


def continue_ended_years(*, automatic: bool, by: Any = SYSTEM) -> list[Applied]:
    """Applies the approved plan of every year that is over and still has something live, the oldest year first.

    With `automatic`, what has no approved plan is planned and approved as well, by the portal itself.
    """
    done: list[Applied] = []
    with alone("rollover") as free:
        live = Enrollment.objects.filter(invited_at__isnull=False, declined_at=None, ended_at=None)
        current = FiscalYear.of(clock.today()).ends_in
        first = live.filter(fiscal_year__lt=current).order_by("fiscal_year").values_list("fiscal_year", flat=True).first()
        for number in range(first or current, current if free else 0):
            approved = RolloverPlan.objects.filter(fiscal_year=number, approved_at__isnull=False).first()
            if approved is None and automatic:
                approved = approve(plan=plan(fiscal_year=FiscalYear(number), by=by), by=by)
            if approved is not None and live.filter(fiscal_year=number).exists():
                done.append(apply(plan=approved, by=by))
    return done
