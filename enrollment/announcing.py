"""Who is told of an invitation, and how: one mail and one notice per invitation and person (rules INV-1, INV-2, INV-6)."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from accounts.actor import roles_in_force
from accounts.models import RoleAssignment, User
from accounts.roles import ADMIN_ROLES, PartnerRole
from enrollment.models import Enrollment, Notice
from incentives_portal.core import outbox


@dataclass(frozen=True, slots=True)
class Audience:
    """The incentives admins in scope of an enrollment, and who could assign one."""

    admins: tuple[User, ...] = ()
    assigners: tuple[User, ...] = ()


def audiences(rows: Sequence[Enrollment]) -> dict[uuid.UUID, Audience]:
    """The audience of each row, by its id. Two queries, whatever the number of rows."""
    assignments = list(
        RoleAssignment.objects.filter(roles_in_force(), partner__in={row.partner_id for row in rows})
        .select_related("membership__user")
        .prefetch_related("listed")
        .order_by("granted_at")
    )
    return {row.pk: _audience(row, [one for one in assignments if one.partner_id == row.partner_id]) for row in rows}


def _audience(row: Enrollment, assignments: Sequence[RoleAssignment]) -> Audience:
    admins = [one for one in assignments if one.role == PartnerRole.INCENTIVES_ADMIN and _covers(one, row)]
    assigners = {one.membership.user_id: one.membership.user for one in assignments if one.role in ADMIN_ROLES}
    return Audience(tuple(one.membership.user for one in admins), tuple(assigners.values()))


def _covers(assignment: RoleAssignment, row: Enrollment) -> bool:
    in_location = assignment.entire_organization or any(one.location_id == row.location_id for one in assignment.listed.all())
    return in_location and (not assignment.program_codes or row.program.code in assignment.program_codes)


def announce(row: Enrollment, audience: Audience) -> None:
    """Owes the mail and leaves the notice. Telling the same person again does nothing."""
    kind = Notice.Kind.INVITATION if audience.admins else Notice.Kind.ASSIGN_ADMIN
    for user in audience.admins or audience.assigners:
        tell(row, user, kind, mail=str(kind), key=f"{kind}:{row.pk}:{row.invited_at:%Y%m%dT%H%M%S}:{user.pk}")


def notify(row: Enrollment, user: User, kind: Notice.Kind, *, key: str) -> None:
    """One notice to `user` about `row`; the same `key` again does nothing."""
    Notice.objects.bulk_create([Notice(user=user, enrollment=row, kind=kind, key=key)], ignore_conflicts=True)


def tell(row: Enrollment, user: User, kind: Notice.Kind, *, mail: str, key: str, hold: dt.timedelta = outbox.AT_ONCE) -> None:
    """One notice and one mail of `templates/mail/<mail>.*` to `user` about `row`; the same `key` again does nothing.

    With `hold` the mail waits so long, and can be withdrawn until then.
    """
    notify(row, user, kind, key=key)
    path = reverse("people") if kind is Notice.Kind.ASSIGN_ADMIN else reverse("enrollment", args=[row.pk])
    context = {"enrollment": row, "path": path, "program": row.program, "location": row.location}
    outbox.owe(mail, to=user, key=key, context=context, hold=hold)
