"""What an address of the overview asks for: everything that the page's state consists of, and nothing else."""

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Self
from urllib.parse import quote_plus

from django.http import QueryDict

from enrollment.status import ShownStatus
from incentives_portal.core.fiscal import FiscalYear

VIEWS = ("", "location", "program")
SORTS = ("", "program", "-program", "location", "-location", "status", "-status")
LONGEST_SEARCH = 100
PAGE = 50
# What fits a screen, or what somebody who works through many wants in front of them.
SIZES = ("", "500")


@dataclass(frozen=True, slots=True)
class Wish:
    """The state of the overview. Empty entries mean the default; what makes no sense counts as empty."""

    fiscal_year: int
    view: str = ""
    q: str = ""
    status: str = ""
    program: str = ""
    country: str = ""
    sort: str = ""
    page: str = ""
    rows: str = ""

    @classmethod
    def read(cls, query: QueryDict, *, this_year: FiscalYear) -> Self:
        """The wish that the query string states."""
        return cls(
            fiscal_year=_year(query.get("year", ""), this_year).ends_in,
            view=_one_of(VIEWS, query.get("view", "")),
            q=" ".join(query.get("q", "").replace("\x00", "")[:LONGEST_SEARCH].split()),
            status=_one_of([*ShownStatus], query.get("status", "")),
            program=query.get("program", "").replace("\x00", "")[:20],
            country=query.get("country", "").replace("\x00", "")[:2],
            sort=_one_of(SORTS, query.get("sort", "")),
            page=query.get("page", "")[:6],
            rows=_one_of(SIZES, query.get("rows", "")),
        )

    @property
    def year(self) -> FiscalYear:
        return FiscalYear(self.fiscal_year)

    @property
    def per_page(self) -> int:
        return int(self.rows) if self.rows else PAGE

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.status or self.program or self.country)

    def filter_fields(self, this_year: FiscalYear) -> list[tuple[str, str]]:
        """The filter alone, as names and values of a form: which enrollments, however they are sorted and shown."""
        fields = [("year", str(self.year) if self.fiscal_year != this_year.ends_in else "")]
        fields += [("q", self.q), ("status", self.status), ("program", self.program), ("country", self.country)]
        return [(name, value) for name, value in fields if value]

    def cleared(self, this_year: FiscalYear) -> str:
        """The query string without the filter: the same year, seen in the same way."""
        return self.query(this_year, q="", status="", program="", country="")

    def query(self, this_year: FiscalYear, **changes: Any) -> str:
        """The query string of this wish with some entries changed; the page starts over unless it is named."""
        entries = dict(zip(_ENTRIES, _entries(self), strict=True)) | changes
        year = entries.pop("fiscal_year")
        if year != this_year.ends_in:
            entries["year"] = str(FiscalYear(year))
        return "&".join(f"{name}={quote_plus(str(value))}" for name, value in entries.items() if value)


# All but the page.
_ENTRIES = tuple(field.name for field in fields(Wish) if field.name != "page")
_entries = attrgetter(*_ENTRIES)


def _one_of(known: Any, text: str) -> str:
    return text if text in known else ""


def _year(text: str, this_year: FiscalYear) -> FiscalYear:
    try:
        return FiscalYear.parse(text)
    except ValueError:
        return this_year
