"""Saving the grid of people and locations: the cells that changed, and nothing else (rule ACC-4)."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import roles_in_force
from accounts.models import Location, Membership, RoleAssignment
from accounts.roles import PartnerRole
from accounts.services import role_mails, roles

# From more to less: who is admin of a location is no user of it besides.
ROLES = (PartnerRole.INCENTIVES_ADMIN, PartnerRole.INCENTIVES_USER)
NOTHING = ""


@transaction.atomic
def save(*, membership: Membership, cells: Mapping[uuid.UUID, str], by: Any) -> int:
    """Gives the member at each location in `cells` the incentives role named there, or none; the others stay as they are.

    One transaction and one mail per member. Returns how many roles changed; 0 where all was so already. A role that holds
    for the entire organization is no matter of cells: ValidationError, as from `roles.assign`.
    """
    held = {role.role: role for role in RoleAssignment.objects.filter(roles_in_force(), membership=membership, role__in=ROLES)}
    _refuse_entire(held, cells)
    changes: list[role_mails.Change] = []
    for role in ROLES:
        current = held.get(role)
        if current is not None and current.entire_organization:
            continue
        now = frozenset(current.listed.values_list("location_id", flat=True)) if current else frozenset()
        wanted = (now - cells.keys()) | {place for place, given in cells.items() if given == role}
        if wanted != now:
            changes.append(_settle(membership, role, current, wanted, by))
    if changes:
        role_mails.tell(membership, changes, by=by)
    return len(changes)


def _refuse_entire(held: Mapping[str, RoleAssignment], cells: Mapping[uuid.UUID, str]) -> None:
    for role in ROLES:
        entire = role in held and held[role].entire_organization
        # Who reads everywhere may still become admin somewhere, and no less than a reader anywhere.
        less = {NOTHING} if role == PartnerRole.INCENTIVES_USER else {NOTHING, PartnerRole.INCENTIVES_USER}
        if entire and less & set(cells.values()):
            raise ValidationError(
                _("This person holds %(role)s for the entire organization. Change that on their own page.")
                % {"role": PartnerRole(role).label},
                code="entire_organization",
            )


def _settle(
    membership: Membership, role: PartnerRole, held: RoleAssignment | None, wanted: frozenset[uuid.UUID], by: Any
) -> role_mails.Change:
    if held is not None and not wanted:
        roles.end(assignment=held, quiet=True, by=by)
        return "ended", held
    assignment = roles.assign(
        membership=membership,
        role=role,
        entire_organization=False,
        locations=Location.objects.filter(partner=membership.partner_id, pk__in=wanted),
        program_codes=held.program_codes if held else (),
        expires_on=held.expires_on if held else None,
        quiet=True,
        by=by,
    )
    return ("changed" if held else "assigned"), assignment
