"""Who can do what at a location, and how well each location is covered (rules ACC-2, ACC-7)."""

import datetime as dt
import uuid
from collections import defaultdict
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Q

from accounts.actor import roles_in_force
from accounts.models import Location, Membership, RoleAssignment
from accounts.queries.coverage import coverage
from accounts.queries.people import RANK
from accounts.roles import ROLES, PartnerRole
from incentives_portal.core import clock

PAGE_SIZE = 50
SOON = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody whose role reaches the location. `ends_soon`: within thirty days."""

    membership: Membership
    entire_organization: bool
    programs: str
    expires_on: dt.date | None
    ends_soon: bool


@dataclass(frozen=True, slots=True)
class RoleThere:
    """One role, what it allows, and who holds it at the location."""

    role: str
    label: str
    sentence: str
    holders: tuple[Holder, ...]


@dataclass(frozen=True, slots=True)
class LocationRow:
    """A location in the list: `state` is gap, single or covered; `admin` the one that it depends on."""

    location: Location
    state: str
    admin: str


def people_of(location: Location) -> list[RoleThere]:
    """Every role that reaches the location, the most powerful first; two queries."""
    today = clock.today()
    reaching = RoleAssignment.objects.filter(roles_in_force(), partner=location.partner_id)
    reaching = reaching.filter(Q(entire_organization=True) | Q(listed__location=location))
    held: dict[str, list[Holder]] = defaultdict(list)
    for role in reaching.select_related("membership__user").order_by("membership__user__name", "membership__user__email"):
        held[role.role].append(_holder(role, today))
    return [
        RoleThere(role, str(PartnerRole(role).label), str(ROLES[role].sentence), tuple(held[role]))
        for role in sorted(PartnerRole.values, key=RANK.__getitem__)
    ]


def _holder(role: RoleAssignment, today: dt.date) -> Holder:
    ends_soon = role.expires_on is not None and role.expires_on - today <= SOON
    return Holder(role.membership, role.entire_organization, ", ".join(role.program_codes), role.expires_on, ends_soon)


def page_of_locations(
    partner_id: uuid.UUID, *, search: str = "", state: str = "", page: str = "1"
) -> tuple[Page[LocationRow], dict[str, int]]:
    """One page of the partner's locations with their coverage, and how many there are of each state; four queries."""
    found = coverage(partner_id)
    gaps = {location.pk for location in found.gaps}
    single = {risk.location.pk: str(risk.admin) for risk in found.risks}
    places = Location.objects.filter(partner_id=partner_id)
    if search:
        places = places.filter(Q(name__icontains=search) | Q(mpn_id__icontains=search) | Q(city__icontains=search))
    rows = [_row(place, gaps, single) for place in places]
    counts = {one: sum(row.state == one for row in rows) for one in ("gap", "single", "covered")}
    return Paginator([row for row in rows if state in {"", row.state}], PAGE_SIZE).get_page(page), counts


def _row(place: Location, gaps: set[uuid.UUID], single: dict[uuid.UUID, str]) -> LocationRow:
    state = "gap" if place.pk in gaps else "single" if place.pk in single else "covered"
    return LocationRow(place, state, single.get(place.pk, ""))
