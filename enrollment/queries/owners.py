"""Who can act where the viewer can't (rule ACC-7), for many enrollments at once: two queries, whatever the number."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from accounts.actor import roles_in_force
from accounts.models import RoleAssignment
from accounts.roles import ADMIN_ROLES, PartnerRole

NAMED = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where an enrollment stands, as roles reach it."""

    partner_id: uuid.UUID
    location_id: uuid.UUID | None
    program_code: str


@dataclass
class _Roles:
    admins: list[RoleAssignment] = field(default_factory=list)
    assigners: set[str] = field(default_factory=set)


def owners(places: Collection[Place]) -> dict[Place, str]:
    """A sentence for each place: *Ines Duarte can do this*, or who can assign somebody who can."""
    if not places:
        return {}
    roles: dict[uuid.UUID, _Roles] = defaultdict(_Roles)
    held = RoleAssignment.objects.filter(roles_in_force(), partner__in={place.partner_id for place in places})
    for one in held.select_related("membership__user").prefetch_related("listed"):
        if one.role == PartnerRole.INCENTIVES_ADMIN:
            roles[one.partner_id].admins.append(one)
        elif one.role in ADMIN_ROLES:
            roles[one.partner_id].assigners.add(str(one.membership.user))
    return {place: _sentence(place, roles[place.partner_id]) for place in places}


def _sentence(place: Place, roles: _Roles) -> str:
    admins = sorted({str(one.membership.user) for one in roles.admins if _covers(one, place)})
    return can_do(admins, sorted(roles.assigners))


def _covers(assignment: RoleAssignment, place: Place) -> bool:
    in_location = (
        assignment.entire_organization
        or place.location_id is None
        or any(one.location_id == place.location_id for one in assignment.listed.all())
    )
    return in_location and (not assignment.program_codes or place.program_code in assignment.program_codes)


def can_do(holders: Sequence[str], granters: Sequence[str]) -> str:
    """Who can do it, else who can assign somebody who can, in a sentence."""
    if holders:
        return _("%(names)s can do this") % {"names": _listed(holders)}
    if granters:
        return _("Nobody is incentives admin here; %(names)s can assign one") % {"names": _listed(granters)}
    return _("Nobody is incentives admin here")


def _listed(names: Sequence[str]) -> str:
    """A few names, and how many more."""
    shown = list(names[:NAMED])
    if len(names) > NAMED:
        shown.append(_("%(count)d more") % {"count": len(names) - NAMED})
    return get_text_list(shown, _("or"))
