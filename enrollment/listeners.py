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
from enrollment.announcing import Audience, audiences, notify, tell
from enrollment.derivation import Change, lock, settle, statuses_changed
from enrollment.models import Enrollment, Notice
from enrollment.services.enrolling import start_validation
from enrollment.services.invitations import announce_to
from enrollment.status import Status
from incentives_portal.core import audit, outbox, wall
from profiles.announcements import profile_changed
from profiles.errors import UndoError
from profiles.models import PayoutProfile, TaxProfile


@receiver(profile_changed)
def bring_enrollments_up_to_date(sender: Any, profile: PayoutProfile | TaxProfile, cause: str, by: Any, **kwargs: Any) -> None:
    """A profile's new version or decision reaches every live enrollment that uses it (rule ENR-4)."""
    column = "payout_profile" if isinstance(profile, PayoutProfile) else "tax_profile"
    users = Enrollment.objects.filter(ended_at=None, **{column: profile})
    if cause == "validation_started":
        users = users.filter(submitted_at=None)  # what is submitted already had its validation, or is just starting it
    rows = lock(list(users.values_list("pk", flat=True)))
    if cause in {"payout_changed", "tax_changed", "alarm_taken_back"} and not profile.archived_at:
        for row in rows:
            if row.submitted_at and row.status not in {Status.INACTIVE, Status.DISCONTINUED}:
                start_validation(profile, row.program, by=by)
    told = {row.pk: [*(_key(what, row) for what in ("enrolled", "rejected")), _together(row)] for row in rows}
    changes = settle(rows, cause=cause, by=by)
    if cause == "validation_reopened":
        for change in changes:
            _take_back(told[change.enrollment.pk])


def _take_back(keys: list[str]) -> None:
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

    What a person decided waits until it can't be taken back any more. The mail about a rejection names the fields, so the floor that knows them writes it (rule VAL-3); here is the notice.
    """
    done = [one.enrollment for one in changes if one.after == Status.ENROLLED and cause in {"validation_approved", "submitted"}]
    rejected = [one.enrollment for one in changes if one.after == Status.ACTION_REQUIRED and cause == "validation_rejected"]
    if not done and not rejected:
        return
    found = audiences([*done, *rejected])
    by_reviewer = cause == "validation_approved" and audit.person(by) is not None
    hold = dt.timedelta(seconds=settings.UNDO_SECONDS) if by_reviewer else outbox.AT_ONCE
    for user, theirs in _by_admin(done, found):
        _tell_enrolled(user, theirs, hold)
    for row in rejected:
        for user in found[row.pk].admins:
            notify(row, user, Notice.Kind.REJECTED, key=_once("rejected", row, user))


def _by_admin(rows: list[Enrollment], found: dict[uuid.UUID, Audience]) -> Iterable[tuple[User, list[Enrollment]]]:
    """Each incentives admin with those of the rows that are in their scope."""
    theirs: dict[User, list[Enrollment]] = {}
    for row in rows:
        for user in found[row.pk].admins:
            theirs.setdefault(user, []).append(row)
    return theirs.items()


def _tell_enrolled(user: User, rows: list[Enrollment], hold: dt.timedelta) -> None:
    """A notice for each enrollment, and one mail: an account that many use is validated for all of them at once."""
    if len(rows) == 1:
        tell(rows[0], user, Notice.Kind.ENROLLED, mail="enrolled", key=_once("enrolled", rows[0], user), hold=hold)
        return
    for row in rows:
        notify(row, user, Notice.Kind.ENROLLED, key=_once("enrolled", row, user))
    context = {"enrollments": sorted(rows, key=lambda row: (str(row.location), str(row.program))), "path": reverse("overview")}
    key = f"{_together(rows[0])}{rows[0].pk}:{user.pk}"
    outbox.owe("enrolled_together", to=user, key=key, context=context, hold=hold)


def _together(row: Enrollment) -> str:
    """How the keys of the mails begin that tell of this status of this row and others' together."""
    return f"enrolled_together:{row.partner_id}:{row.status_since:%Y%m%dT%H%M%S%f}:"


def _once(what: str, row: Enrollment, user: User) -> str:
    """The key of what is told once per change of status and person."""
    return f"{_key(what, row)}{user.pk}"


def _key(what: str, row: Enrollment) -> str:
    return f"{what}:{row.pk}:{row.status_since:%Y%m%dT%H%M%S%f}:"
