"""The role grid (rule ACC-4): locations down, a few people across, and one button that saves the cells that were changed."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import PortalRequest, allowed, fresh_second_factor
from accounts.grid_cells import Wishes, read
from accounts.models import Location
from accounts.picking import Sought, countries_of
from accounts.queries.coverage import Impact, Reach, impact
from accounts.queries.people import fillers
from accounts.queries.role_grid import ADMIN, MOST_PEOPLE, NONE, USER, Column, columns, locations_of
from accounts.roles import PartnerRole, Permission
from accounts.services import role_grid as services
from accounts.views.doing import seal
from accounts.views.seen import partner_of

# How many rows a page shows at most; the rest is found by searching.
MOST_ROWS = 400


@dataclass(frozen=True, slots=True)
class Box:
    """One cell: the name of its field, what it shows, and what can be chosen."""

    name: str
    value: str
    changed: bool
    locked: bool
    least: str


class Grid:
    """One look at the grid: who is in it, what is looked for, and what has been changed on the page so far."""

    def __init__(self, request: PortalRequest) -> None:
        self.request = request
        asked = request.POST if request.method == "POST" else request.GET
        self.locations = locations_of(partner_of(request).pk)
        self.sought = Sought(asked.get("q", "").strip()[:100], asked.get("country", ""))
        keys = list(dict.fromkeys(map(_key, asked.getlist("person"))))[:MOST_PEOPLE]
        found = {column.membership.pk: column for column in columns(partner_of(request).pk, [key for key in keys if key])}
        # In the order of the page that was sent, so that a cell's column is who it was there.
        in_order = [found.get(key) if key else None for key in keys]
        self.columns = [column for column in in_order if column]
        self.wishes = read(request.POST.dict(), in_order, self.locations) if request.method == "POST" else Wishes()

    @property
    def shown(self) -> list[Location]:
        return self.sought.among(self.locations)[:MOST_ROWS]

    def read_again(self) -> None:
        """The people as they are after some of them were saved."""
        self.columns = columns(partner_of(self.request).pk, [column.membership.pk for column in self.columns])

    def add(self, key: uuid.UUID | None) -> None:
        """One more person, up to five."""
        if key and len(self.columns) < MOST_PEOPLE and all(column.membership.pk != key for column in self.columns):
            self.columns += columns(partner_of(self.request).pk, [key])

    def drop(self, number: str) -> None:
        """One person less; what was changed for them and not saved is forgotten."""
        column = self._column(number)
        if column:
            self.columns.remove(column)
            self.wishes.without(column)

    def fill(self, number: str, given: str, country: str) -> None:
        """The same role for one person at all that is shown, or at all of a country."""
        column = self._column(number)
        if column is None or given not in {ADMIN, USER, NONE}:
            return
        for place in Sought(country=country).among(self.locations) if country else self.shown:
            self.wishes.set(column, place.pk, given)

    def _column(self, number: str) -> Column | None:
        """The person of this number on the page; nobody for what is none."""
        return next((column for place, column in enumerate(self.columns) if str(place) == number), None)

    def rows(self) -> list[tuple[Location, list[Box]]]:
        """The shown locations, each with its cells."""
        return [(place, [self._box(number, column, place) for number, column in enumerate(self.columns)]) for place in self.shown]

    def carried(self) -> list[Box]:
        """What was changed and is not shown."""
        shown = {place.pk for place in self.shown}
        return [
            self._box(number, column, place)
            for number, column in enumerate(self.columns)
            for place in self.locations
            if place.pk not in shown and (column.membership.pk, place.pk) in self.wishes.cells
        ]

    def _box(self, number: int, column: Column, place: Location) -> Box:
        wish = self.wishes.cells.get((column.membership.pk, place.pk))
        was = wish.was if wish else column.now(place.pk)
        return Box(f"{number}{was}{place.mpn_id}", self.wishes.of(column, place.pk), bool(wish), bool(column.locked), column.least)

    def impact(self) -> Impact:
        """What saving would leave uncovered."""
        instead: dict[uuid.UUID, Reach] = {}
        for column in self.columns:
            admin_at = {place.pk for place in self.locations if self.wishes.of(column, place.pk) == ADMIN}
            if self.wishes.for_saving(column):
                instead[column.membership.user_id] = frozenset(admin_at)
        return impact(partner_of(self.request).pk, instead)

    def address(self) -> str:
        """Where the same look is found without what was changed."""
        asked: list[tuple[str, str]] = [("person", str(column.membership.pk)) for column in self.columns]
        asked += [(name, value) for name, value in (("q", self.sought.words), ("country", self.sought.country)) if value]
        return f"{reverse('role_grid')}?{urlencode(asked)}"


def _key(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


@require_http_methods(["GET", "POST"])
@allowed(Permission.ASSIGN_INCENTIVES_ROLES)
@fresh_second_factor
def role_grid(request: PortalRequest) -> HttpResponse:
    """Who is incentives admin or user where, for up to five people at once. Every button but *save* only shows the page anew."""
    grid = Grid(request)
    found: Impact | None = None
    if request.method == "POST":
        verb, _colon, what = request.POST.get("do", "").partition(":")
        if verb == "save":
            found = grid.impact()
            if (not found or what == seal(found)) and _saved(request, grid):
                return redirect(grid.address())
        elif verb == "add":
            grid.add(_key(request.POST.get("add", "")))
        elif verb == "drop":
            grid.drop(what)
        elif verb == "fill":
            grid.fill(request.POST.get("fill_column", ""), request.POST.get("fill_role", ""), request.POST.get("fill_where", ""))
    return render(request, "accounts/role_grid.html", _page(request, grid, found))


def _saved(request: PortalRequest, grid: Grid) -> bool:
    """Saves person by person, each whole or not at all; a cell that somebody else changed meanwhile stops its person."""
    overtaken = {member for member, _place in grid.wishes.overtaken(grid.columns)}
    changed, all_saved = 0, True
    for column in grid.columns:
        cells = grid.wishes.for_saving(column)
        if not cells:
            continue
        try:
            if column.membership.pk in overtaken:
                raise ValidationError(_("Somebody else changed these roles in the meantime. Load the page again to see them."))
            changed += len(cells) if services.save(membership=column.membership, cells=cells, by=request.user) else 0
        except ValidationError as refusal:
            messages.error(request, f"{column.membership.user}: {' '.join(refusal.messages)}")
            all_saved = False
        else:
            grid.wishes.without(column)
    _say(request, changed, all_saved=all_saved)
    if not all_saved:
        grid.read_again()
    return all_saved


def _say(request: PortalRequest, changed: int, *, all_saved: bool) -> None:
    if changed:
        told = ngettext("%(count)d cell is saved.", "%(count)d cells are saved.", changed) % {"count": changed}
        messages.success(request, told)
    elif all_saved:
        messages.info(request, _("Nothing was changed, so nothing was saved."))


def _page(request: PortalRequest, grid: Grid, found: Impact | None) -> dict[str, Any]:
    shown = grid.rows()
    matching = len(grid.sought.among(grid.locations))
    return {
        "columns": grid.columns,
        "rows": shown,
        "carried": grid.carried(),
        "changed": len(grid.wishes.cells),
        "sought": grid.sought,
        "matching": matching,
        "is_cut": matching > len(shown),
        "locations": len(grid.locations),
        "countries": countries_of(grid.locations),
        "addable": _addable(request, grid.columns),
        "is_full": len(grid.columns) >= MOST_PEOPLE,
        "roles": [(ADMIN, PartnerRole.INCENTIVES_ADMIN.label), (USER, PartnerRole.INCENTIVES_USER.label), (NONE, _("No role"))],
        "impact": found,
        "seal": seal(found) if found else "",
        "address": grid.address(),
    }


def _addable(request: PortalRequest, chosen: Sequence[Column]) -> list[Any]:
    taken = {column.membership.pk for column in chosen}
    return [member for member in fillers(request.actor) if member.pk not in taken]
