"""A sheet of numbers, read line by line and checked in memory that doesn't grow with it; its answers repeat no number."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .checking import BankInfo, Finding, bank_of, check
from .kinds import country_named, kind_named

COLUMNS = ("country", "kind", "value")
LONGEST_LINE = 1 << 16
SEPARATORS = (",", ";", "\t")


class SheetError(ValueError):
    """A sheet that can't be read at all; the text says what to do about it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found in one line. `country` and `kind` are empty where they weren't recognized, so that nothing is echoed."""

    line: int
    country: str
    kind: str
    finding: Finding
    bank: BankInfo


def answers(source: Iterable[bytes], *, countries: frozenset[str]) -> Iterator[Answer]:
    """One answer for each line after the header, in order; empty lines are skipped. Raises SheetError.

    `source` gives lines; a line is a row, as no number holds a line break: a quotation mark left open spoils its own line only.
    """
    lines = enumerate(source, start=1)
    separator, order = _header(next(lines, (1, b""))[1])
    for number, raw in lines:
        if raw.strip():
            yield _answer(number, raw, separator, order, countries)


def _header(raw: bytes) -> tuple[str, dict[str, int]]:
    """The separator, and the place of each column. Further columns are ignored."""
    if not raw.strip():
        raise SheetError("Line 1 is empty. The first line names the columns: country,kind,value.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise SheetError("Line 1 is not UTF-8 text. Save the file as CSV with the encoding UTF-8.")
    separator = max(SEPARATORS, key=text.count)
    try:
        names = [name.strip().lower() for name in _cells(text, separator)]
    except csv.Error:
        raise SheetError("Line 1 is no CSV: check its quotation marks.") from None
    missing = [name for name in COLUMNS if names.count(name) != 1]
    if missing:
        raise SheetError(f"Line 1 must name the columns country, kind and value, once each; look at: {', '.join(missing)}.")
    return separator, {name: names.index(name) for name in COLUMNS}


def _cells(text: str, separator: str) -> list[str]:
    return next(csv.reader([text.rstrip("\r\n")], delimiter=separator, strict=True), [])


def _answer(number: int, raw: bytes, separator: str, order: dict[str, int], countries: frozenset[str]) -> Answer:
    if len(raw) > LONGEST_LINE:
        return _refused(number, "line_too_long")
    try:
        cells = _cells(raw.decode(), separator)
        row = {name: cells[place] for name, place in order.items()}
    except UnicodeDecodeError:
        return _refused(number, "line_not_utf8")
    except (csv.Error, IndexError):
        return _refused(number, "line_not_csv")
    return _checked(number, row, countries)


def _checked(number: int, row: dict[str, str], countries: frozenset[str]) -> Answer:
    country = country_named(row["country"])
    if country not in countries:
        return _refused(number, "unknown_country", kind=kind_named(row["kind"], ""))
    kind = kind_named(row["kind"], country)
    if not kind:
        return _refused(number, "unknown_kind", country=country)
    finding = check(kind, row["value"], country)
    return Answer(number, country, kind, finding, bank_of({kind: finding.value}, country) if finding.ok else BankInfo())


def _refused(number: int, code: str, **known: Any) -> Answer:
    return Answer(number, known.get("country", ""), known.get("kind", ""), Finding(False, code=code), BankInfo())
