"""Which locations nobody, or only one person, can enroll (rule ACC-2)."""

import uuid
from collections import defaultdict
from dataclasses import dataclass

from accounts.actor import roles_in_force
from accounts.models import Location, RoleAssignment, User
from accounts.roles import PartnerRole


@dataclass(frozen=True, slots=True)
class SingleAdmin:
    """A location whose enrollment hangs on one person."""

    location: Location
    admin: User


@dataclass(frozen=True, slots=True)
class Coverage:
    """`gaps`: locations with no active incentives admin. `risks`: those with exactly one. The rest have two or more."""

    locations: int
    gaps: tuple[Location, ...]
    risks: tuple[SingleAdmin, ...]

    @property
    def is_complete(self) -> bool:
        return not self.gaps and not self.risks


def coverage(partner_id: uuid.UUID) -> Coverage:
    """How the partner's locations are covered by incentives admins, in three queries.

    A role for one program covers its location: somebody there can enroll something, and can be asked.
    """
    locations = list(Location.objects.filter(partner_id=partner_id))
    everywhere, at = _admins(partner_id)
    gaps, risks = [], []
    for location in locations:
        admins = everywhere | at[location.pk]
        if not admins:
            gaps.append(location)
        elif len(admins) == 1:
            risks.append(SingleAdmin(location, next(iter(admins))))
    return Coverage(len(locations), tuple(gaps), tuple(risks))


def _admins(partner_id: uuid.UUID) -> tuple[set[User], dict[uuid.UUID, set[User]]]:
    """The active incentives admins of the entire organization, and those of each location."""
    held = RoleAssignment.objects.filter(roles_in_force(), partner_id=partner_id, role=PartnerRole.INCENTIVES_ADMIN)
    everywhere: set[User] = set()
    at: dict[uuid.UUID, set[User]] = defaultdict(set)
    for assignment in held.select_related("membership__user").prefetch_related("listed"):
        person = assignment.membership.user
        if assignment.entire_organization:
            everywhere.add(person)
        for row in assignment.listed.all():
            at[row.location_id].add(person)
    return everywhere, at
