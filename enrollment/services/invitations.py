"""Inviting what is eligible, and telling the people who can answer (rules INV-1…3, INV-6)."""

import uuid
from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from enrollment.announcing import Audience, announce, announce_many, audiences, key_of
from enrollment.derivation import BATCH, among, lock, lock_all, settle, settle_all
from enrollment.derivation.sets import stored
from enrollment.errors import RefusedError
from enrollment.models import EndReason, Enrollment, Invitation, InvitationWave, Notice, Program
from enrollment.status import Reason, Status
from incentives_portal.core import audit, clock, outbox
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.fragments import rows_of, run, sql

# What people are told of an invitation that waits.
TOLD = (Notice.Kind.INVITATION, Notice.Kind.ASSIGN_ADMIN, Notice.Kind.REMINDER, Notice.Kind.UNANSWERED)
# The last day to answer, where the program wants an answer.
_RESPOND_BY = "(SELECT %s::date + g.response_days FROM enrollment_program g WHERE g.id = e.program_id)"
# As `due` has it. OFFSET 0 has every row looked up in the index of what is live: while a year is being invited PostgreSQL knows
# nothing of it yet, expects no invitation at all, and would compare each row with each.
_STILL_DUE = """
SELECT e.id FROM enrollment_enrollment e
WHERE {named} AND e.status = 'inactive' AND e.reason = 'invitation_due' AND NOT EXISTS (
    SELECT FROM enrollment_enrollment other
    WHERE other.program_id = e.program_id AND other.location_id = e.location_id AND other.id <> e.id
        AND other.invited_at IS NOT NULL AND other.declined_at IS NULL AND other.ended_at IS NULL
    OFFSET 0
)
"""
_INVITATIONS = """
INSERT INTO enrollment_invitation (id, enrollment_id, issued_at, respond_by, announced, wave_id)
SELECT uuidv7(), e.id, portal_now(), e.respond_by, NOT g.open_to_all, %s::uuid
FROM enrollment_enrollment e JOIN enrollment_program g ON g.id = e.program_id WHERE {invited}
"""


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
    # Partner by partner: whom a batch tells of its invitations are few, and its rows lie side by side.
    ids = list(rows.order_by("partner_id", "location_id", "pk").values_list("pk", flat=True)[:limit])
    return sum(invite(ids[start : start + BATCH], by=by) for start in range(0, len(ids), BATCH))


def _live_elsewhere() -> QuerySet[Enrollment]:
    """The location's live enrollment of another year: one that has ended by its date waits for the rollover (FIS-2)."""
    same = Enrollment.objects.filter(program=OuterRef("program"), location=OuterRef("location")).exclude(pk=OuterRef("pk"))
    return same.filter(invited_at__isnull=False, declined_at=None, ended_at=None)


@transaction.atomic
def invite(ids: Collection[uuid.UUID], *, by: Any, wave: InvitationWave | None = None) -> int:
    """Invites those of these enrollments whose invitation is still due. Returns how many."""
    lock_all(among(ids))
    invited = [pk for (pk,) in rows_of(sql(_STILL_DUE, named=among(ids)))]
    if not invited:
        return 0
    facts = {"invited_at": sql("%s::timestamptz", clock.now()), "respond_by": sql(_RESPOND_BY, clock.today())}
    settle_all(stored(among(invited), **facts), facts=tuple(facts), cause="invited", by=by)
    run(sql(_INVITATIONS, wave and wave.pk, invited=among(invited)))
    announce_all(invited)
    return len(invited)


def announce_all(ids: Collection[uuid.UUID]) -> None:
    """Owes mail and notice for every invitation that is announced: to the incentives admins in scope, else to those who
    can assign one (rules INV-1…3)."""
    announced = Enrollment.objects.filter(pk__in=ids, status=Status.INVITED, program__open_to_all=False)
    rows = list(announced.select_related("program", "location").order_by("partner_id", "pk"))
    announce_many(rows, audiences(rows))


def resend(*, enrollment_id: uuid.UUID, by: Any) -> tuple[User, ...]:
    """Owes the mail of an open invitation once more to everybody whom it concerns today; at most once an hour each.

    Returns who is told. Raises RefusedError where nothing waits for an answer, or nobody is told of it (rule INV-3).
    """
    with transaction.atomic():
        (row,) = lock([enrollment_id])
        _refuse_unless_invited(row)
        if row.program.open_to_all:
            raise RefusedError(_("Programs that are open to all invite without mails; the invitation stands on the overview."))
        told = announce(row, audiences([row])[row.pk], again=f"{clock.now():%Y%m%dT%H}")
        if not told:
            raise RefusedError(
                _("Nobody of this partner could be told: it has no incentives admin and nobody who could assign one.")
            )
        audit.record("invitation.resent", row, by=by, after={"told": [str(user) for user in told]})
    return told


@transaction.atomic
def withdraw(*, enrollment_id: uuid.UUID, by: Any) -> None:
    """Takes an open invitation back; mails that have not left yet stay here. Twice is the same as once.

    Raises RefusedError where it was answered meanwhile. `invite_again` gives it back.
    """
    (row,) = lock([enrollment_id])
    if row.end_reason == EndReason.WITHDRAWN:
        return
    _refuse_unless_invited(row)
    row.ended_at, row.end_reason = clock.now(), EndReason.WITHDRAWN
    Invitation.objects.filter(enrollment=row, withdrawn_at=None).update(withdrawn_at=row.ended_at)
    settle([row], facts=("ended_at", "end_reason"), cause="invitation_withdrawn", by=by)
    for kind in TOLD:
        outbox.withdraw(keys=key_of(kind, row))
    Notice.objects.filter(enrollment=row, kind__in=TOLD, opened_at=None).delete()
    audit.record("invitation.withdrawn", row, by=by)


@transaction.atomic
def invite_again(*, enrollment_id: uuid.UUID, by: Any) -> None:
    """Invites anew whose invitation was withdrawn or ran out, where it would be due. Raises RefusedError otherwise."""
    (row,) = lock([enrollment_id])
    if row.status == Status.INVITED:
        return
    if row.reason not in {Reason.WITHDRAWN, Reason.DEADLINE_PASSED}:
        raise RefusedError(_("Only a location whose invitation was withdrawn or ran out can be invited again."))
    now = clock.now()
    Invitation.objects.filter(enrollment=row, withdrawn_at=None).update(withdrawn_at=now)
    row.ended_at, row.end_reason, row.invited_at, row.respond_by = None, "", None, None
    settle([row], facts=("ended_at", "end_reason", "invited_at", "respond_by"), cause="invited_again", by=by)
    if row.reason != Reason.INVITATION_DUE or not invite([row.pk], by=by):
        raise RefusedError(_("The location can't be invited now: it isn't eligible, or the program isn't open."))
    audit.record("invitation.renewed", row, by=by)


def _refuse_unless_invited(row: Enrollment) -> None:
    if row.status != Status.INVITED:
        raise RefusedError(_("This invitation was answered or has ended in the meantime. Its page says where it stands."))


def followed(row: Enrollment, user: User) -> None:
    """Notes that a person came to an invitation that they were told of, which dismisses nothing (rules INV-4, INV-5)."""
    if row.status == Status.INVITED:
        waiting = Notice.objects.filter(enrollment=row, user=user, kind__in=TOLD, followed_at=None, opened_at=None)
        waiting.update(followed_at=DatabaseNow())


def announce_to(*, user: User, enrollments: Iterable[Enrollment]) -> None:
    """Owes the invitations that wait, to somebody who became incentives admin later (rule INV-2)."""
    waiting = [row for row in enrollments if row.status == Status.INVITED and not row.program.open_to_all]
    announce_many(waiting, {row.pk: Audience(admins=(user,)) for row in waiting})
