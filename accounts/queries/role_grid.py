"""The grid of locations and people as the screen shows it (rule ACC-4), in a fixed number of queries."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import Location, Membership, Origin, RoleAssignment
from accounts.queries.people import members, row_of, terms_in_words
from accounts.roles import PartnerRole

# One letter each, because a grid of 400 locations says it a thousand times.
ADMIN, USER, NONE = "a", "u", "n"
ROLE_OF = {ADMIN: PartnerRole.INCENTIVES_ADMIN.value, USER: PartnerRole.INCENTIVES_USER.value, NONE: ""}
MOST_PEOPLE = 5


@dataclass(frozen=True)
class Column:
    """A person in the grid: what they hold where, and why their cells can't be changed, if so.

    `least` is what they have everywhere: *user* for who reads the entire organization.
    """

    membership: Membership
    admin_at: frozenset[uuid.UUID]
    user_at: frozenset[uuid.UUID]
    least: str
    locked: str
    terms: tuple[str, ...]

    def now(self, location_id: uuid.UUID) -> str:
        """What they have at the location."""
        if self.least == ADMIN or location_id in self.admin_at:
            return ADMIN
        return USER if location_id in self.user_at else self.least


def columns(partner_id: uuid.UUID, membership_ids: Sequence[uuid.UUID]) -> list[Column]:
    """The chosen members in their order; whoever is none of the partner's is left out. Three queries."""
    found = {member.pk: member for member in members(partner_id).filter(pk__in=membership_ids)}
    return [_column(found[pk]) for pk in membership_ids if pk in found]


def _column(membership: Membership) -> Column:
    held = {one.assignment.role: one.assignment for one in row_of(membership).roles if not one.expired}
    admin, user = held.get(PartnerRole.INCENTIVES_ADMIN), held.get(PartnerRole.INCENTIVES_USER)
    least = ADMIN if admin and admin.entire_organization else USER if user and user.entire_organization else NONE
    return Column(
        membership,
        _places(admin),
        _places(user),
        least,
        _why_locked(membership, least, [admin, user]),
        tuple(f"{one.get_role_display()}: {terms_in_words(one)}" for one in (admin, user) if one),
    )


def _places(assignment: RoleAssignment | None) -> frozenset[uuid.UUID]:
    return frozenset(row.location_id for row in assignment.listed.all()) if assignment else frozenset()


def _why_locked(membership: Membership, least: str, held: Sequence[RoleAssignment | None]) -> str:
    if membership.suspended_at or not membership.user.is_active:
        return _("Suspended: no role counts, and none can be given.")
    if any(one is not None and one.origin == Origin.DIRECTORY for one in held):
        return _("Comes from your directory.")
    if least == ADMIN:
        return _("Incentives admin for the entire organization.")
    return ""


def locations_of(partner_id: uuid.UUID) -> list[Location]:
    """All locations of the partner, in the order of the grid."""
    return list(Location.objects.filter(partner_id=partner_id))
