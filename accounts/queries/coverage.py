"""Which locations nobody, or only one person, can enroll (rule ACC-2), and what a change would leave so."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from accounts.actor import roles_in_force
from accounts.models import Location, RoleAssignment, User
from accounts.roles import PartnerRole

# Where an incentives admin reaches: None is the entire organization.
Reach = frozenset[uuid.UUID] | None
NOWHERE: Reach = frozenset()


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


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change would leave with nobody, and with one person, that has more now (rule ACC-2)."""

    gaps: tuple[Location, ...]
    risks: tuple[SingleAdmin, ...]

    def __bool__(self) -> bool:
        return bool(self.gaps or self.risks)


def coverage(partner_id: uuid.UUID) -> Coverage:
    """How the partner's locations are covered by incentives admins, in three queries.

    A role for one program covers its location: somebody there can enroll something, and can be asked.
    """
    return _covered(_locations(partner_id), _reaches(partner_id))


def impact(partner_id: uuid.UUID, instead: Mapping[uuid.UUID, Reach]) -> Impact:
    """What changes for the worse when each user in `instead` reaches that and nothing else; in three queries."""
    locations, reaches = _locations(partner_id), _reaches(partner_id)
    people = {user.pk: user for user in reaches}
    changed = {user: reach for user, reach in reaches.items() if user.pk not in instead}
    # Somebody who is no incentives admin yet makes nothing worse and is left out.
    changed |= {people[pk]: reach for pk, reach in instead.items() if pk in people}
    now, then = _covered(locations, reaches), _covered(locations, changed)
    gaps_now = {location.pk for location in now.gaps}
    weak_now = gaps_now | {risk.location.pk for risk in now.risks}
    return Impact(
        tuple(location for location in then.gaps if location.pk not in gaps_now),
        tuple(risk for risk in then.risks if risk.location.pk not in weak_now),
    )


def _covered(locations: Iterable[Location], reaches: Mapping[User, Reach]) -> Coverage:
    everywhere = {user for user, reach in reaches.items() if reach is None}
    at: dict[uuid.UUID, set[User]] = defaultdict(set)
    for user, reach in reaches.items():
        for location_id in reach or ():
            at[location_id].add(user)
    gaps, risks, count = [], [], 0
    for location in locations:
        count += 1
        admins = everywhere | at[location.pk]
        if not admins:
            gaps.append(location)
        elif len(admins) == 1:
            risks.append(SingleAdmin(location, next(iter(admins))))
    return Coverage(count, tuple(gaps), tuple(risks))


def _locations(partner_id: uuid.UUID) -> list[Location]:
    return list(Location.objects.filter(partner_id=partner_id))


def _reaches(partner_id: uuid.UUID) -> dict[User, Reach]:
    """The active incentives admins, and where each of them reaches."""
    held = RoleAssignment.objects.filter(roles_in_force(), partner_id=partner_id, role=PartnerRole.INCENTIVES_ADMIN)
    return {
        assignment.membership.user: None
        if assignment.entire_organization
        else frozenset(row.location_id for row in assignment.listed.all())
        for assignment in held.select_related("membership__user").prefetch_related("listed")
    }
