"""What a page of the role grid sends back: only the cells that differ from what it showed are wishes.

A cell's name says its column, what it showed, and the Partner ID: `0n5200001=a` makes the first person incentives admin of a
location where they had no role. So a cell that nobody touched says nothing, whatever somebody else did to it meanwhile.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from accounts.models import Location
from accounts.queries.role_grid import ADMIN, NONE, ROLE_OF, USER, Column

NAME = re.compile(r"(?P<column>[0-4])(?P<was>[aun])(?P<mpn_id>.+)", re.DOTALL)
Cell = tuple[uuid.UUID, uuid.UUID]


@dataclass(frozen=True, slots=True)
class Wish:
    """A cell that was changed on the page: what it showed, and what it should become."""

    was: str
    given: str


@dataclass
class Wishes:
    """The changed cells by member and location."""

    cells: dict[Cell, Wish] = field(default_factory=dict)

    def of(self, column: Column, location_id: uuid.UUID) -> str:
        """What the cell shows: the wish, or what is held."""
        wish = self.cells.get((column.membership.pk, location_id))
        return wish.given if wish else column.now(location_id)

    def set(self, column: Column, location_id: uuid.UUID, given: str) -> None:
        """Wishes for `given`; what is so already, or is less than the person has everywhere, is no wish."""
        key = (column.membership.pk, location_id)
        now = column.now(location_id)
        if column.locked or given == now or (given == NONE and column.least == USER):
            self.cells.pop(key, None)
        else:
            self.cells[key] = Wish(now, given)

    def without(self, column: Column) -> None:
        """Forgets a person's cells."""
        self.cells = {key: wish for key, wish in self.cells.items() if key[0] != column.membership.pk}

    def overtaken(self, columns: Sequence[Column]) -> list[Cell]:
        """The cells that somebody else has changed to something third since the page was shown."""
        by_member = {column.membership.pk: column for column in columns}
        return [
            (member, place)
            for (member, place), wish in self.cells.items()
            if by_member[member].now(place) not in {wish.was, wish.given}
        ]

    def for_saving(self, column: Column) -> dict[uuid.UUID, str]:
        """A person's changed cells, as `services.role_grid.save` takes them."""
        return {place: ROLE_OF[wish.given] for (member, place), wish in self.cells.items() if member == column.membership.pk}


def read(data: Mapping[str, str], columns: Sequence[Column | None], locations: Sequence[Location]) -> Wishes:
    """The wishes in a posted form. A column that is None, a location that is not there and an odd value count for nothing."""
    places = {location.mpn_id: location.pk for location in locations}
    wishes = Wishes()
    for name, given in data.items():
        cell = NAME.fullmatch(name)
        if cell is None or given not in {ADMIN, USER, NONE} or given == cell["was"]:
            continue
        column = columns[int(cell["column"])] if int(cell["column"]) < len(columns) else None
        place = places.get(cell["mpn_id"])
        if column is not None and place is not None and not column.locked:
            wishes.cells[column.membership.pk, place] = Wish(cell["was"], given)
    return wishes
