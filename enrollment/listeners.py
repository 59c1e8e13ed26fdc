"""What the floors below announce, and what enrollments do about it. Every listener runs in the announcer's transaction."""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.dispatch import receiver
from django.urls import reverse

from accounts.announcements import role_assigned, role_given_to_many
from accounts.models import RoleAssignment, User
from accounts.roles import PartnerRole
from enrollment.announcing import Audience, Told, audiences, mail_about, notify_all
from enrollment.derivation import Change, lock, rederive_and_announce, statuses_changed
from enrollment.models import Enrollment, Notice
from enrollment.services.enrolling import start_validation
from enrollment.services.invitations import announce_to
from enrollment.status import Status
from incentives_portal.core import audit, outbox, wall
from incentives_portal.core.fragments import Sql, rows_of, sql
from profiles.announcements import Changed, profiles_changed
from profiles.errors import UndoError
from profiles.models import PayoutProfile, TaxProfile

# Locked in the order of their keys, as everywhere.
_USERS = """
SELECT e.id, g.paying_entity, e.payout_profile_id, e.tax_profile_id
FROM enrollment_enrollment e JOIN enrollment_program g ON g.id = e.program_id
WHERE (e.payout_profile_id = ANY (%s::uuid[]) OR e.tax_profile_id = ANY (%s::uuid[])) AND e.ended_at IS NULL AND {among}
ORDER BY e.id FOR UPDATE OF e
"""


@receiver(profiles_changed)
def bring_enrollments_up_to_date(sender: Any, changed: list[Changed], cause: str, by: Any, **kwargs: Any) -> None:
    """Profiles' new versions or decisions reach every live enrollment that uses them (rule ENR-4)."""
    users = _users_of(changed, cause)
    if cause in {"payout_changed", "tax_changed", "alarm_taken_back"}:
        _start_validations(lock(users), [one.profile for one in changed if one.profile and not one.profile.archived_at], by)
    told = _told_of(lock(users)) if cause == "validation_reopened" else {}
    for change in rederive_and_announce(users, cause=cause, by=by) if users else ():
        _take_back(told.get(change.pk, ()))


def _users_of(changed: list[Changed], cause: str) -> dict[uuid.UUID, int]:
    """The live enrollments that use one of the profiles, locked, each with the number of the last that happened to its profiles.

    That is what it waited for in the end, so that it is all the same whether things are announced one by one or together.
    """
    last = {(one.profile_id, one.paying_entity): number for number, one in enumerate(changed) if one.paying_entity}
    payouts = {one.profile_id for one in changed if one.kind == "payout"}
    taxes = {one.profile_id for one in changed if one.kind == "tax"}
    # What is submitted already had its validation, or is just starting it.
    among = Sql("e.submitted_at IS NULL" if cause == "validation_started" else "TRUE")
    rows = rows_of(sql(_USERS, list(payouts), list(taxes), among=among))
    return {pk: max(last.get((payout, entity), 0), last.get((tax, entity), 0)) for pk, entity, payout, tax in rows}


def _start_validations(rows: list[Enrollment], profiles: list[PayoutProfile | TaxProfile], by: Any) -> None:
    submitted = [row for row in rows if row.submitted_at and row.status not in {Status.INACTIVE, Status.DISCONTINUED}]
    for profile in profiles:
        for row in submitted:
            if profile.pk in {row.payout_profile_id, row.tax_profile_id}:
                start_validation(profile, row.program, by=by)


def _told_of(rows: list[Enrollment]) -> dict[uuid.UUID, list[str]]:
    """How the keys begin of what was told of the rows' present status."""
    return {row.pk: [*(_key(what, row) for what in ("enrolled", "rejected")), _together(row)] for row in rows}


def _take_back(keys: Iterable[str]) -> None:
    """What was told of a decision that is taken back is withdrawn; raises UndoError where a mail has told of it already."""
    for key in keys:
        Notice.objects.filter(key__startswith=key).delete()
        if not outbox.withdraw(keys=key):
            raise UndoError


@receiver(role_assigned)
def pass_on_waiting_invitations(sender: Any, assignment: RoleAssignment, **kwargs: Any) -> None:
    """Who becomes incentives admin gets the invitations that wait (rule INV-2)."""
    pass_on_waiting_invitations_to_many(sender, [assignment])


@receiver(role_given_to_many)
def pass_on_waiting_invitations_to_many(sender: Any, assignments: list[RoleAssignment], **kwargs: Any) -> None:
    """The same for many on the same terms: what waits is looked up once."""
    first = assignments[0]
    if first.role != PartnerRole.INCENTIVES_ADMIN:
        return
    # Roles are given in requests of nobody, too: by a directory, or where a team invitation is followed.
    with wall.looking(first.partner_id):
        waiting = list(_waiting_for(first))
        for assignment in assignments if waiting else ():
            announce_to(user=assignment.membership.user, enrollments=waiting)


def _waiting_for(assignment: RoleAssignment) -> QuerySet[Enrollment]:
    """Invited enrollments within the scope of an incentives admin's role."""
    waiting = Enrollment.objects.filter(partner=assignment.partner_id, status=Status.INVITED).select_related("program", "location")
    if not assignment.entire_organization:
        waiting = waiting.filter(location__in=assignment.locations.all())
    if assignment.program_codes:
        waiting = waiting.filter(program__code__in=assignment.program_codes)
    return waiting


@receiver(statuses_changed)
def tell_what_came_of_it(sender: Any, changes: list[Change], cause: str, by: Any, **kwargs: Any) -> None:
    """The incentives admins hear when an enrollment is complete, and when something of it was rejected.

    What a person decided waits until it can't be taken back any more. The mail about a rejection names the fields, so the floor
    that knows them writes it (rule VAL-3); here is the notice.
    """
    done = [one for one in changes if one.after == Status.ENROLLED and cause in {"validation_approved", "submitted"}]
    rejected = [one for one in changes if one.after == Status.ACTION_REQUIRED and cause == "validation_rejected"]
    if not done and not rejected:
        return
    found = audiences([*done, *rejected])
    rows = _read([one.pk for one in (*done, *rejected) if found[one.pk].admins])
    by_reviewer = cause == "validation_approved" and audit.person(by) is not None
    hold = dt.timedelta(seconds=settings.UNDO_SECONDS) if by_reviewer else outbox.AT_ONCE
    notify_all(
        [
            Told(rows[one.pk], user, kind, _once(kind.value, rows[one.pk], user))
            for kind, ones in ((Notice.Kind.ENROLLED, done), (Notice.Kind.REJECTED, rejected))
            for one in ones
            for user in found[one.pk].admins
        ]
    )
    outbox.owe_all(_mail(user, [rows[pk] for pk in theirs], hold) for user, theirs in _by_admin(done, found))


def _read(ids: list[uuid.UUID]) -> dict[uuid.UUID, Enrollment]:
    whole = Enrollment.objects.select_related("program", "location", "partner")
    return {row.pk: row for row in whole.filter(pk__among=ids)} if ids else {}


def _by_admin(done: list[Change], found: dict[uuid.UUID, Audience]) -> Iterable[tuple[User, list[uuid.UUID]]]:
    """Each incentives admin with those in their scope that were completed by the same thing."""
    theirs: dict[tuple[int, User], list[uuid.UUID]] = {}
    for one in done:
        for user in found[one.pk].admins:
            theirs.setdefault((one.because, user), []).append(one.pk)
    return [(user, ids) for (_, user), ids in theirs.items()]


def _mail(user: User, rows: list[Enrollment], hold: dt.timedelta) -> outbox.Owed:
    """One mail about all of them: an account that many use is validated for all of them at once."""
    if len(rows) == 1:
        return mail_about(Told(rows[0], user, Notice.Kind.ENROLLED, _once("enrolled", rows[0], user)), hold=hold)
    context = {"enrollments": sorted(rows, key=lambda row: (str(row.location), str(row.program))), "path": reverse("overview")}
    return outbox.Owed("enrolled_together", user, f"{_together(rows[0])}{rows[0].pk}:{user.pk}", context, hold)


def _together(row: Enrollment) -> str:
    """How the keys of the mails begin that tell of this status of this row and others' together."""
    return f"enrolled_together:{row.partner_id}:{row.status_since:%Y%m%dT%H%M%S%f}:"


def _once(what: str, row: Enrollment, user: User) -> str:
    """The key of what is told once per change of status and person."""
    return f"{_key(what, row)}{user.pk}"


def _key(what: str, row: Enrollment) -> str:
    return f"{what}:{row.pk}:{row.status_since:%Y%m%dT%H%M%S%f}:"
