"""Who held which role, for which locations, at the end of a day (rule OPS-3): from the roles themselves, which are never deleted.

Whether somebody was suspended then, or their account closed, stands in the audit log. Where it says nothing of a suspension
that stands today, or of one that began before the log did, the answer is the best that can be given and says so.
"""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Prefetch, Q

from accounts.models import FormerRoleLocation, Membership, Origin, RoleAssignment, RoleLocation
from accounts.queries.people import RANK, scope_of
from incentives_portal.core import clock
from incentives_portal.core.models import AuditEntry

SUSPENDING = {"member_suspended": True, "member_removed": True, "member_restored": False, "member_added": False}


@dataclass(frozen=True, slots=True)
class HeldThen:
    """A role that was in force, and what is known about it. `approximate` where a suspension can't be dated."""

    assignment: RoleAssignment
    name: str
    email: str
    role: str
    scope: str
    places: tuple[str, ...]
    granted_by: str
    approximate: bool


def roles_as_of(partner_id: uuid.UUID, day: dt.date) -> list[HeldThen]:
    """The roles in force at the end of `day`, by role and name; seven queries, whatever their number."""
    moment = clock.start_of(day + dt.timedelta(days=1))
    held = [role for role in _granted(partner_id, day, moment) if role.membership.joined_at < moment]
    paused = _paused({role.membership for role in held}, partner_id, moment)
    closed = _closed({role.membership for role in held}, partner_id, moment)
    granters = _known(partner_id, {role.granted_by_id for role in held if role.granted_by_id})
    then = []
    for role in held:
        is_paused, sure = paused[role.membership_id]
        is_closed, sure_of_account = closed[role.membership_id]
        if not is_paused and not is_closed:
            then.append(_held(role, granters, approximate=not (sure and sure_of_account)))
    return sorted(then, key=lambda one: (RANK[one.assignment.role], one.name, one.email))


def _granted(partner_id: uuid.UUID, day: dt.date, moment: dt.datetime) -> list[RoleAssignment]:
    rows = RoleLocation.objects.filter(listed_at__lt=moment).select_related("location")
    gone = FormerRoleLocation.objects.filter(listed_at__lt=moment, unlisted_at__gte=moment).select_related("location")
    listed = (Prefetch("listed", rows), Prefetch("formerly_listed", gone))
    roles = RoleAssignment.objects.filter(
        Q(ended_at=None) | Q(ended_at__gte=moment),
        Q(expires_on=None) | Q(expires_on__gte=day),
        partner_id=partner_id,
        granted_at__lt=moment,
    )
    return list(roles.select_related("membership__user", "granted_by").prefetch_related(*listed))


def _paused(members: Collection[Membership], partner_id: uuid.UUID, moment: dt.datetime) -> dict[uuid.UUID, tuple[bool, bool]]:
    """Whether each was suspended at `moment`, and whether that is certain."""
    said = _last_said(partner_id, SUSPENDING, [str(one.pk) for one in members], moment)
    return {one.pk: _was_suspended(one, said.get(str(one.pk)), moment) for one in members}


def _was_suspended(member: Membership, said: AuditEntry | None, moment: dt.datetime) -> tuple[bool, bool]:
    # The suspension that stands today began then, whatever came before.
    if member.suspended_at is not None and member.suspended_at < moment:
        return True, True
    return (SUSPENDING[said.act], True) if said else (False, True)


def _closed(members: Collection[Membership], partner_id: uuid.UUID, moment: dt.datetime) -> dict[uuid.UUID, tuple[bool, bool]]:
    """Whether each one's account was closed at `moment`, and whether that is certain."""
    users = {str(one.user_id): one for one in members}
    said = _last_said(partner_id, {"user_changed"}, list(users), moment, about="is_active")
    answers = {}
    for user_id, one in users.items():
        entry = said.get(user_id)
        if entry is not None:
            answers[one.pk] = (not (entry.after or {})["is_active"], True)
        else:
            # Closed today, and nothing says since when: the role is shown, with the doubt.
            answers[one.pk] = (False, one.user.is_active)
    return answers


def _last_said(
    partner_id: uuid.UUID, acts: Collection[str], ids: list[str], moment: dt.datetime, *, about: str = ""
) -> dict[str, AuditEntry]:
    """The last entry of these acts on each object before `moment`."""
    entries = AuditEntry.objects.filter(partner_id=partner_id, act__in=list(acts), object_id__in=ids, at__lt=moment)
    if about:
        entries = entries.filter(after__has_key=about)
    return {entry.object_id: entry for entry in entries.order_by("object_id", "-id").distinct("object_id")}


def _known(partner_id: uuid.UUID, user_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Which of them the partner knows by name: its own people, former ones included."""
    return set(Membership.objects.filter(partner_id=partner_id, user_id__in=user_ids).values_list("user_id", flat=True))


def _held(role: RoleAssignment, granters: set[uuid.UUID], *, approximate: bool) -> HeldThen:
    user = role.membership.user
    if role.origin != Origin.HAND:
        by = role.get_origin_display()
    else:
        by = str(role.granted_by) if role.granted_by_id in granters else settings.OPERATOR_NAME
    rows: list[RoleLocation | FormerRoleLocation] = [*role.listed.all(), *role.formerly_listed.all()]
    then = sorted((row.location for row in rows), key=lambda place: place.name)
    places = () if role.entire_organization else tuple(map(str, then))
    return HeldThen(role, user.name, user.email, role.get_role_display(), scope_of(role, then), places, by, approximate)
