"""Telling a partner's admins by mail that a location has lost its last incentives admin (rule ACC-2)."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable

from django.db import transaction
from django.urls import reverse

from accounts.actor import roles_in_force
from accounts.models import Location, RoleAssignment, User
from accounts.queries.coverage import coverage
from accounts.roles import ADMIN_ROLES, PartnerRole
from incentives_portal.core import clock, outbox

# How far back the sweep looks for roles that expired: longer than it can have stood still unnoticed.
LOOK_BACK = dt.timedelta(days=14)


def tell_of_gaps(lost: Iterable[RoleAssignment], *, occasion: str, places: Collection[uuid.UUID] | None = None) -> None:
    """Owes each global and account admin one mail per `occasion`, naming the locations that `lost` leaves with nobody.

    `lost` are roles of one partner that no longer count, or no longer at `places` where these are given. Call it in the
    transaction in which they stopped to.
    """
    admin_roles = [role for role in lost if role.role == PartnerRole.INCENTIVES_ADMIN]
    if not admin_roles:
        return
    partner_id = admin_roles[0].partner_id
    gaps = [location for location in coverage(partner_id).gaps if _was_held(admin_roles, location, places)]
    if not gaps:
        return
    admins = RoleAssignment.objects.filter(roles_in_force(), partner_id=partner_id, role__in=ADMIN_ROLES)
    for admin in User.objects.filter(pk__in=admins.values("membership__user")):
        context = {"locations": gaps, "path": reverse("people")}
        outbox.owe("coverage", to=admin, key=f"coverage:{occasion}:{admin.pk}", context=context)


def _was_held(roles: list[RoleAssignment], location: Location, places: Collection[uuid.UUID] | None) -> bool:
    return location.pk in places if places is not None else any(_held_for(role, location) for role in roles)


def _held_for(role: RoleAssignment, location: Location) -> bool:
    return role.entire_organization or any(row.location_id == location.pk for row in role.listed.all())


def tell_of_expired_roles() -> None:
    """The daily sweep: roles end by the passing of time, too, when nobody acts. Twice is the same as once."""
    today = clock.today()
    expired = RoleAssignment.objects.filter(
        role=PartnerRole.INCENTIVES_ADMIN, ended_at=None, expires_on__lt=today, expires_on__gte=today - LOOK_BACK
    )
    for role in expired.prefetch_related("listed"):
        with transaction.atomic():
            tell_of_gaps([role], occasion=f"{role.pk}:{role.expires_on}")
