"""Finding locations among hundreds, without JavaScript too: what is shown, and what stays ticked while it isn't."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django_countries import countries

from accounts.models import Location


@dataclass(frozen=True, slots=True)
class Country:
    """A country of the partner's locations, and how many there are."""

    code: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Sought:
    """The words and the country that are looked for; empty shows everything."""

    words: str = ""
    country: str = ""

    def shows(self, place: Location) -> bool:
        text = f"{place.mpn_id} {place.name} {place.city}".casefold()
        return self.country in {"", place.country.code} and all(word in text for word in self.words.casefold().split())

    def among(self, places: Iterable[Location]) -> list[Location]:
        return [place for place in places if self.shows(place)]


def countries_of(places: Sequence[Location]) -> list[Country]:
    """The countries of these locations by name."""
    counted = Counter(place.country.code for place in places)
    return sorted((Country(code, countries.name(code), count) for code, count in counted.items()), key=lambda one: one.name)
