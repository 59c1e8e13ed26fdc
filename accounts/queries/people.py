"""The people of a partner, each with their roles as the screen says them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Prefetch, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actor import Actor
from accounts.models import Location, Membership, Origin, RoleAssignment, RoleLocation
from accounts.roles import PartnerRole
from incentives_portal.core import clock

PAGE_SIZE = 50
# The order of the table in accounts.roles, the most powerful first.
RANK = {role: place for place, role in enumerate(PartnerRole.values)}


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role that has not ended; `expired` where its last day has passed."""

    assignment: RoleAssignment
    label: str
    scope: str
    expired: bool

    @property
    def is_directorys(self) -> bool:
        """Whether the partner's directory gave the role, and it alone changes it (rule ACC-5)."""
        return self.assignment.origin == Origin.DIRECTORY


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A member and what they hold."""

    membership: Membership
    roles: tuple[HeldRole, ...]


def members(partner_id: uuid.UUID) -> QuerySet[Membership]:
    """Those who belong to the partner, suspended ones included, with what `row_of` needs in three queries."""
    listed = Prefetch("listed", RoleLocation.objects.select_related("location").order_by("location__name"))
    held = Prefetch("roles", RoleAssignment.objects.filter(ended_at=None).prefetch_related(listed), to_attr="held")
    rows = Membership.objects.filter(partner_id=partner_id, removed_at=None)
    return rows.select_related("user", "partner").prefetch_related(held).order_by("user__name", "user__email")


def page_of_people(partner_id: uuid.UUID, *, search: str = "", page: str = "1") -> tuple[Page[Membership], list[PersonRow]]:
    """One page of the partner's people whose name or address contains `search`, and its rows."""
    rows = members(partner_id)
    if search:
        rows = rows.filter(Q(user__name__icontains=search) | Q(user__email__icontains=search))
    shown = Paginator(rows, PAGE_SIZE).get_page(page)
    today = clock.today()
    return shown, [PersonRow(membership, _roles(membership, today)) for membership in shown]


def row_of(membership: Membership) -> PersonRow:
    """One member, read through `members()`."""
    return PersonRow(membership, _roles(membership, clock.today()))


def _roles(membership: Membership, today: object) -> tuple[HeldRole, ...]:
    held = sorted(membership.held, key=lambda assignment: RANK[assignment.role])  # type: ignore[attr-defined]
    return tuple(
        HeldRole(
            assignment,
            assignment.get_role_display(),
            scope_of(assignment),
            assignment.expires_on is not None and assignment.expires_on < today,
        )
        for assignment in held
    )


def fillers(actor: Actor) -> list[Membership]:
    """Who can be given a role: the partner's active members by name, whoever asks among them first."""
    if actor.partner is None:
        return []
    rows = Membership.objects.filter(partner=actor.partner, suspended_at=None, user__is_active=True).select_related("user")
    return sorted(rows, key=lambda row: (row.user_id != actor.user.pk, str(row.user).casefold()))


def terms_in_words(assignment: RoleAssignment) -> str:
    """Where a role holds, and until when."""
    where = scope_of(assignment)
    if assignment.expires_on is None:
        return where
    return _("%(where)s, until %(day)s") % {"where": where, "day": date_format(assignment.expires_on, "DATE_FORMAT")}


def scope_of(assignment: RoleAssignment, listed: Sequence[Location] | None = None) -> str:
    """Where a role holds, in words: the entire organization, the one location, or how many; and for which programs.

    `listed` are its locations where these are not the ones that it lists now.
    """
    if assignment.entire_organization:
        where = _("Entire organization")
    else:
        places = listed if listed is not None else [row.location for row in assignment.listed.all()]
        count = len(places)
        where = (
            f"{places[0].name} ({places[0].mpn_id})"
            if count == 1
            else ngettext("%(count)s location", "%(count)s locations", count) % {"count": count}
        )
    return f"{where} · {', '.join(assignment.program_codes)}" if assignment.program_codes else where
