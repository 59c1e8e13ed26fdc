"""Filling a gap: somebody becomes incentives admin where nobody is (rule ACC-2)."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import roles_in_force
from accounts.models import Location, Membership, RoleAssignment
from accounts.roles import PartnerRole
from accounts.services import roles


@transaction.atomic
def fill(*, membership: Membership, locations: Iterable[Location], by: Any) -> RoleAssignment:
    """Makes the member incentives admin of these locations, beside those that they have, on the terms that they have.

    Raises ValidationError where no location is named, and as `roles.assign` does.
    """
    places = list(locations)
    if not places:
        raise ValidationError(_("Choose at least one location."), code="no_location")
    role = PartnerRole.INCENTIVES_ADMIN
    held = RoleAssignment.objects.filter(roles_in_force(), membership=membership, role=role).first()
    if held is None:
        return roles.assign(membership=membership, role=role, entire_organization=False, locations=places, by=by)
    return roles.assign(
        membership=membership,
        role=role,
        entire_organization=held.entire_organization,
        locations=[*held.locations.all(), *places],
        program_codes=held.program_codes,
        expires_on=held.expires_on,
        by=by,
    )
