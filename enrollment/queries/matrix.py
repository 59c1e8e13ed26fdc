"""The overview as a matrix: locations down, programs across, in each cell the status as the viewer reads it."""

import uuid
from dataclasses import dataclass

from django.core.paginator import Page, Paginator

from accounts.actor import Actor
from accounts.models import Location
from enrollment.links import NOBODY, Links
from enrollment.queries.overview import as_read_by, matching
from enrollment.queries.wish import Wish
from enrollment.wording import status_labels

PLACES = 25


@dataclass(frozen=True, slots=True)
class Cell:
    """The enrollment of a location in a program; without `url` there is none."""

    program: str
    url: str = ""
    shown: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A location with a cell for each program."""

    location: Location
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Matrix:
    """One page of locations, the programs, and which statuses there are to explain."""

    page: Page[Location]
    programs: list[str]
    lines: list[Line]
    legend: list[tuple[str, str]]


def matrix(actor: Actor, wish: Wish) -> Matrix:
    """What the wish asks for, a page of locations at a time. Four queries, whatever their number."""
    rows = matching(actor, wish).filter(location__isnull=False)
    places = Location.objects.filter(pk__in=rows.values("location")).select_related("partner").order_by("name", "mpn_id")
    page = Paginator(places, PLACES).get_page(wish.page)
    programs = dict(rows.order_by("program_name", "program__code").values_list("program__code", "program_name").distinct())
    shown_here = list(page)
    found: dict[tuple[uuid.UUID, str], tuple[uuid.UUID, str]] = {
        (location, code): (pk, shown)
        for location, code, pk, shown in rows.filter(location__in=shown_here)
        .order_by()
        .values_list("location_id", "program__code", "pk", "shown")
    }
    labels = status_labels()
    address = Links().to("enrollment", NOBODY)

    def cell(location: Location, code: str, program: str) -> Cell:
        pk, shown = found.get((location.pk, code), (None, ""))
        return Cell(program, address.replace(str(NOBODY), str(pk)), shown, labels[shown]) if pk else Cell(program)

    lines = [Line(place, [cell(place, code, name) for code, name in programs.items()]) for place in shown_here]
    present = {shown for _pk, shown in found.values()}
    return Matrix(page, list(programs.values()), lines, [(shown, label) for shown, label in labels.items() if shown in present])


def program_called(actor: Actor, code: str) -> str:
    """The name of a program of which `actor` sees an enrollment; of any other just what was asked for."""
    rows = as_read_by(actor).filter(program__code=code).order_by()
    return str(rows.values_list("program_name", flat=True).first() or code)
