"""The fiscal calendar (rule FIS-1): a year is named by the calendar year that it ends in."""

import datetime as dt
import re
from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, order=True, slots=True)
class FiscalYear:
    """A fiscal year, e.g. `FiscalYear(2027)` = FY27 = 1 July 2026 – 30 June 2027 with July as first month."""

    ends_in: int

    @classmethod
    def of(cls, day: dt.date) -> "FiscalYear":
        """The fiscal year that `day` falls in."""
        first = settings.FISCAL_YEAR_FIRST_MONTH
        return cls(day.year + 1 if first > 1 and day.month >= first else day.year)

    @classmethod
    def parse(cls, text: str) -> "FiscalYear":
        """Reads `FY27`, `27` or `2027`. Raises ValueError, saying what is expected."""
        match = re.fullmatch(r"(?:FY)?(\d{2}|\d{4})", text.strip(), re.IGNORECASE | re.ASCII)
        if not match:
            raise ValueError(f"{text!r} is no fiscal year; write it like FY27")
        number = int(match[1])
        return cls(number if number > 99 else 2000 + number)

    @property
    def first_day(self) -> dt.date:
        first = settings.FISCAL_YEAR_FIRST_MONTH
        return dt.date(self.ends_in - (1 if first > 1 else 0), first, 1)

    @property
    def last_day(self) -> dt.date:
        return self.next.first_day - dt.timedelta(days=1)

    @property
    def next(self) -> "FiscalYear":
        return FiscalYear(self.ends_in + 1)

    @property
    def previous(self) -> "FiscalYear":
        return FiscalYear(self.ends_in - 1)

    def __contains__(self, day: dt.date) -> bool:
        return self.first_day <= day <= self.last_day

    def __str__(self) -> str:
        return f"FY{self.ends_in % 100:02d}"
