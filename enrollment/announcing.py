"""Who is told of an invitation, and how: one mail and one notice per invitation and person (rules INV-1, INV-2, INV-6)."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import reverse

from accounts.actor import roles_in_force
from accounts.models import RoleAssignment, User
from accounts.roles import ADMIN_ROLES, PartnerRole
from enrollment.derivation import Change
from enrollment.models import Enrollment, Notice, Program
from incentives_portal.core import outbox
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.fragments import run, sql

_NOTICES = """
INSERT INTO enrollment_notice (id, user_id, enrollment_id, kind, created_at, key)
SELECT uuidv7(), new.user_id, new.enrollment_id, new.kind, portal_now(), new.key
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[]) AS new (user_id, enrollment_id, kind, key)
ON CONFLICT (key) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Audience:
    """The incentives admins in scope of an enrollment, and who could assign one."""

    admins: tuple[User, ...] = ()
    assigners: tuple[User, ...] = ()


def audiences(rows: Sequence[Enrollment | Change]) -> dict[uuid.UUID, Audience]:
    """The audience of each row, by its id. A fixed number of queries, whatever the number of rows."""
    assignments = list(
        RoleAssignment.objects.filter(roles_in_force(), partner__among={row.partner_id for row in rows})
        .select_related("membership__user")
        .prefetch_related("listed")
        .order_by("granted_at")
    )
    of_partner: defaultdict[uuid.UUID, list[RoleAssignment]] = defaultdict(list)
    for one in assignments:
        of_partner[one.partner_id].append(one)
    codes = dict(Program.objects.values_list("pk", "code"))
    return {row.pk: _audience(row, codes[row.program_id], of_partner[row.partner_id]) for row in rows}


def _audience(row: Enrollment | Change, code: str, assignments: Sequence[RoleAssignment]) -> Audience:
    admins = [one for one in assignments if one.role == PartnerRole.INCENTIVES_ADMIN and _covers(one, row.location_id, code)]
    assigners = {one.membership.user_id: one.membership.user for one in assignments if one.role in ADMIN_ROLES}
    return Audience(tuple(one.membership.user for one in admins), tuple(assigners.values()))


def _covers(assignment: RoleAssignment, location_id: uuid.UUID | None, code: str) -> bool:
    in_location = assignment.entire_organization or any(one.location_id == location_id for one in assignment.listed.all())
    return in_location and (not assignment.program_codes or code in assignment.program_codes)


def announce(row: Enrollment, audience: Audience, *, again: str = "") -> tuple[User, ...]:
    """Owes the mail and leaves the notice. Telling the same person again does nothing, unless `again` names another time.

    Returns who is told.
    """
    kind, told = _whom(audience)
    for user in told:
        tell(row, user, kind, key=f"{key_of(kind, row)}{user.pk}{again and ':'}{again}")
    return told


def announce_many(rows: Iterable[Enrollment], found: Mapping[uuid.UUID, Audience]) -> None:
    """The same for many: their notices in one statement, their mails some hundred in one, each text rendered once."""
    told = [
        Told(row, user, kind, f"{key_of(kind, row)}{user.pk}")
        for row in rows
        for kind, users in [_whom(found[row.pk])]
        for user in users
    ]
    notify_all(told)
    form_of = cache(_form)
    outbox.owe_all(
        outbox.Owed(
            str(one.kind),
            one.user,
            one.key,
            _own(one.row, one.kind),
            form=form_of(one.kind, one.row.program, one.row.year, one.row.respond_by, one.row.location is not None),
        )
        for one in told
    )


def _form(kind: Notice.Kind, program: Program, year: FiscalYear, respond_by: dt.date | None, has_location: bool) -> outbox.Form:
    """What the mails of a program have in common."""
    context = {"program": program, "enrollment": {"year": year, "respond_by": respond_by}}
    return outbox.Form(str(kind), context, ("path", "location.name", "location.mpn_id") if has_location else ("path",))


def _own(row: Enrollment, kind: Notice.Kind) -> dict[str, str]:
    """What each has of its own."""
    place = row.location
    return {"path": _path(kind, row)} | ({"location.name": place.name, "location.mpn_id": place.mpn_id} if place else {})


def _whom(audience: Audience) -> tuple[Notice.Kind, tuple[User, ...]]:
    """Who is told of an invitation, and what: to enroll, or to assign somebody who can (rule INV-2)."""
    kind = Notice.Kind.INVITATION if audience.admins else Notice.Kind.ASSIGN_ADMIN
    return kind, audience.admins or audience.assigners


def key_of(kind: str, row: Enrollment) -> str:
    """How the keys begin of what is told of a row's present invitation; the person follows."""
    return f"{kind}:{row.pk}:{row.invited_at:%Y%m%dT%H%M%S}:"


@dataclass(frozen=True, slots=True)
class Told:
    """What one person is told about one enrollment; the same `key` again does nothing."""

    row: Enrollment
    user: User
    kind: Notice.Kind
    key: str


def notify_all(told: Sequence[Told]) -> None:
    """A notice for each of them, in one statement."""
    if told:
        users, rows, kinds, keys = zip(*((one.user.pk, one.row.pk, str(one.kind), one.key) for one in told), strict=True)
        run(sql(_NOTICES, list(users), list(rows), list(kinds), list(keys)))


def mail_about(told: Told, *, hold: dt.timedelta = outbox.AT_ONCE, deadline: dt.date | None = None) -> outbox.Owed:
    """The mail about it, `templates/mail/<kind>.*` of the notice's kind.

    With `hold` the mail waits so long, and can be withdrawn until then. `deadline` is named where it isn't the row's own.
    """
    context = _context(told.row, told.kind, deadline)
    return outbox.Owed(str(told.kind), told.user, told.key, context, hold)


def tell(row: Enrollment, user: User, kind: Notice.Kind, *, key: str, deadline: dt.date | None = None) -> None:
    """One notice and one mail to `user` about `row`; the same `key` again does nothing."""
    told = Told(row, user, kind, key)
    notify_all([told])
    outbox.owe_all([mail_about(told, deadline=deadline)])


def _context(row: Enrollment, kind: Notice.Kind, deadline: dt.date | None = None) -> dict[str, Any]:
    return {"enrollment": row, "path": _path(kind, row), "program": row.program, "location": row.location, "deadline": deadline}


def _path(kind: Notice.Kind, row: Enrollment) -> str:
    """Where what is told can be done."""
    if kind is Notice.Kind.ASSIGN_ADMIN:
        return reverse("people")
    if kind is Notice.Kind.UNANSWERED and row.location_id:
        return reverse("location_people", args=[row.location_id])
    return reverse("enrollment", args=[row.pk])
