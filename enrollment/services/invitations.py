"""Inviting what is eligible, and telling the people who can answer (rules INV-1…3, INV-6)."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from enrollment.announcing import Audience, announce, audiences
from enrollment.derivation import BATCH, lock, settle
from enrollment.models import Enrollment, Invitation, InvitationWave, Program
from enrollment.status import Reason, Status
from incentives_portal.core import clock
from incentives_portal.core.audit import SYSTEM


def due(*, in_waves: bool = False) -> QuerySet[Enrollment]:
    """Enrollments whose invitation is due: eligible, offered, in their window, not live in any year (rule INV-1).

    What waves invite is left to them: programs that are invited in waves alone, and those of a wave that isn't over.
    """
    rows = Enrollment.objects.filter(~Exists(_live_elsewhere()), status=Status.INACTIVE, reason=Reason.INVITATION_DUE)
    if in_waves:
        return rows
    begun = [InvitationWave.State.RUNNING, InvitationWave.State.PAUSED]
    held = InvitationWave.programs.through.objects.filter(invitationwave__state__in=begun, program=OuterRef("program"))
    return rows.filter(~Exists(held), program__inviting=Program.Inviting.DAILY)


def invite_due(*, by: Any = SYSTEM, limit: int | None = None, program_codes: Collection[str] | None = None) -> int:
    """Invites every enrollment whose invitation is due and that no wave holds.

    Works in batches with a transaction each: a run that is killed is finished by the next one, and nobody is invited twice.
    Returns how many were invited.
    """
    rows = due() if program_codes is None else due().filter(program__code__in=program_codes)
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
    return sum(invite(ids[start : start + BATCH], by=by) for start in range(0, len(ids), BATCH))


def _live_elsewhere() -> QuerySet[Enrollment]:
    """The location's live enrollment of another year: one that has ended by its date waits for the rollover (FIS-2)."""
    same = Enrollment.objects.filter(program=OuterRef("program"), location=OuterRef("location")).exclude(pk=OuterRef("pk"))
    return same.filter(invited_at__isnull=False, declined_at=None, ended_at=None)


@transaction.atomic
def invite(ids: Collection[uuid.UUID], *, by: Any, wave: InvitationWave | None = None) -> int:
    """Invites those of these enrollments whose invitation is still due. Returns how many."""
    now, today = clock.now(), clock.today()
    still_due = set(Enrollment.objects.filter(~Exists(_live_elsewhere()), pk__in=ids).values_list("pk", flat=True))
    rows = [row for row in lock(ids) if row.reason == Reason.INVITATION_DUE and row.pk in still_due]
    for row in rows:
        row.invited_at, row.respond_by = now, _respond_by(row, today)
    Invitation.objects.bulk_create(
        Invitation(enrollment=row, respond_by=row.respond_by, announced=not row.program.open_to_all, wave=wave) for row in rows
    )
    settle(rows, facts=("invited_at", "respond_by"), cause="invited", by=by)
    announce_all([row for row in rows if row.status == Status.INVITED])
    return len(rows)


def _respond_by(row: Enrollment, today: dt.date) -> dt.date | None:
    days = row.program.response_days
    return today + dt.timedelta(days=days) if days else None


def announce_all(rows: Iterable[Enrollment]) -> None:
    """Owes mail and notice for every invitation that is announced: to the incentives admins in scope, else to those who
    can assign one (rules INV-1…3)."""
    announced = [row for row in rows if not row.program.open_to_all]
    if not announced:
        return
    found: dict[uuid.UUID, Audience] = audiences(announced)
    for row in announced:
        announce(row, found[row.pk])


def announce_to(*, user: User, enrollments: Iterable[Enrollment]) -> None:
    """Owes the invitations that wait, to somebody who became incentives admin later (rule INV-2)."""
    for row in enrollments:
        if row.status == Status.INVITED and not row.program.open_to_all:
            announce(row, Audience(admins=(user,)))
