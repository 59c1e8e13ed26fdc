"""The locations in ranges, neighbours by partner, so that work on all of them is cut into transactions of a like size."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from accounts.models import Location, Partner
from incentives_portal.core.fragments import Sql, sql

SIZE = 3_000
FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Range:
    """All locations of some partners, or some of one partner's; ends included. Without ends, everything."""

    first_partner: UUID = FIRST
    last_partner: UUID = LAST
    first_location: UUID = FIRST
    last_location: UUID = LAST

    @property
    def is_all(self) -> bool:
        return self == EVERYWHERE

    def of_partner(self, column: str) -> Sql:
        """The condition on a column that holds a partner; repeated on every table of a statement, so that each reads its part."""
        return Sql("TRUE") if self.is_all else sql(f"{column} BETWEEN %s AND %s", self.first_partner, self.last_partner)

    def of_location(self, column: str) -> Sql:
        """The condition on a column that holds a location. What has none belongs to a partner's first."""
        if (self.first_location, self.last_location) == (FIRST, LAST):
            return Sql("TRUE")
        where = sql(f"{column} BETWEEN %s AND %s", self.first_location, self.last_location)
        return sql(f"({{where}} OR {column} IS NULL)", where=where) if self.first_location == FIRST else where


EVERYWHERE = Range()


def cut(size: int = SIZE) -> Iterator[Range]:
    """Ranges of about `size` locations that leave no gap: whoever comes later falls into one of them too."""
    start, held = FIRST, 0
    counted = Partner.objects.order_by("pk").annotate(number=Count("locations")).values_list("pk", "number")
    for partner, number in counted.iterator():
        if held and held + number > size:
            yield Range(start, _before(partner))
            start, held = partner, 0
        if number > size:
            if start != partner:
                yield Range(start, _before(partner))
            yield from _slices(partner, size)
            start, held = UUID(int=partner.int + 1), 0
        else:
            held += number
    yield Range(start)


def _slices(partner: UUID, size: int) -> Iterator[Range]:
    places = Location.objects.filter(partner=partner).order_by("pk").values_list("pk", flat=True)
    starts = [FIRST, *(pk for number, pk in enumerate(places.iterator()) if number and number % size == 0)]
    ends = [*(_before(pk) for pk in starts[1:]), LAST]
    return (Range(partner, partner, first, last) for first, last in zip(starts, ends, strict=True))


def _before(pk: UUID) -> UUID:
    return UUID(int=pk.int - 1)
