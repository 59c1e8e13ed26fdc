"""programs.json: a list of programs, checked entry by entry."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from babel.numbers import list_currencies

from enrollment.eligibility import Group
from enrollment.feed import cells
from enrollment.feed.faults import Faults
from enrollment.feed.json_requirements import groups
from enrollment.feed.json_values import Place, each, entries_of, in_both_languages, known_keys, text, typed
from enrollment.models import Program
from incentives_portal.core.fiscal import FiscalYear
from profiles.models import PaymentMethod

FILE = "programs.json"
NEEDED = ("code", "name", "paying_entity", "currencies", "payment_methods", "fiscal_years", "level")
OPTIONAL = ("description", "open_to_all", "eligibility", "enrollment_window", "response_days", "discontinued_on")
CURRENCIES = frozenset(list_currencies())
LONGEST_FILE = 16 << 20

Window = tuple[dt.date | None, dt.date | None]


@dataclass(frozen=True, slots=True)
class ProgramEntry:
    """A program as the feed has it: columns of `Program`, offers by fiscal year, requirements."""

    code: str
    columns: dict[str, Any]
    offers: dict[int, Window]
    groups: tuple[Group, ...] = field(default=())


def read_programs(path: Path, faults: Faults) -> list[ProgramEntry]:
    """The programs of the file. Of one that has a fault no entry is returned."""
    lines: dict[str, int] = {}
    entries = []
    for row, entry in _raw_entries(path, faults):
        before = faults.of(FILE)
        place = Place(FILE, row, "", faults)
        program = _program(entry, place) if typed(entry, dict, place) is not None else None
        code = entry.get("code") if isinstance(entry, dict) else None
        if isinstance(code, str) and lines.setdefault(code, row) != row:
            place.at("code").fault(f"repeats the program of row {lines[code]}; keep one of them", code)
        if program and faults.of(FILE) == before:
            entries.append(program)
    return entries


def _raw_entries(path: Path, faults: Faults) -> Iterator[tuple[int, Any]]:
    if not path.is_file():
        faults.add(FILE, "is no ordinary file; put the exported file in its place")
        return
    try:
        if path.stat().st_size > LONGEST_FILE:
            faults.add(FILE, f"is larger than {LONGEST_FILE >> 20} MB; that can't be a list of programs")
            return
        yield from entries_of(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        faults.add(FILE, f"can't be read: {error.strerror}")
    except UnicodeDecodeError as error:
        row = error.object.count(b"\n", 0, error.start) + 1
        faults.add(FILE, "is not UTF-8; save the file with the encoding UTF-8", row=row)
    except json.JSONDecodeError as error:
        faults.add(FILE, f"is no JSON: {error.msg} at character {error.colno}", row=error.lineno)
    except RecursionError:
        faults.add(FILE, "is nested too deeply to be a list of programs")


def _program(entry: dict[str, Any], place: Place) -> ProgramEntry:
    known_keys(entry, place, needed=NEEDED, optional=OPTIONAL)
    get = entry.get
    columns: dict[str, Any] = {
        **in_both_languages(entry, "name", place, 120),
        **in_both_languages(entry, "description", place, 10_000),
        "open_to_all": "open_to_all" in entry and bool(typed(entry["open_to_all"], bool, place.at("open_to_all"))),
        "response_days": _response_days(get("response_days"), place.at("response_days")),
        "discontinued_on": _day(get("discontinued_on"), place.at("discontinued_on")),
    }
    if "paying_entity" in entry:
        columns["paying_entity"] = text(entry["paying_entity"], cells.text(200), place.at("paying_entity"))
    if "level" in entry:
        columns["level"] = _one_of(entry["level"], place.at("level"), Program.Level.values)
    if "currencies" in entry:
        columns["currencies"] = each(entry["currencies"], place.at("currencies"), _currency)
    if "payment_methods" in entry:
        columns["payment_methods"] = each(entry["payment_methods"], place.at("payment_methods"), _payment_method)
    code = text(entry["code"], cells.identifier(), place.at("code")) if "code" in entry else None
    return ProgramEntry(code or "", columns, _offers(entry, place), _groups(entry, columns["open_to_all"], place))


def _one_of(value: Any, place: Place, choices: list[str]) -> str | None:
    if typed(value, str, place) is not None and value not in choices:
        place.fault(f"is unknown here; write one of {', '.join(choices)}", value)
    return value if isinstance(value, str) else None


def _currency(value: Any, place: Place) -> str | None:
    if typed(value, str, place) is not None and value not in CURRENCIES:
        place.fault("is no currency; write its three capital letters by ISO 4217, for example EUR", value)
    return value if isinstance(value, str) else None


def _payment_method(value: Any, place: Place) -> str | None:
    return _one_of(value, place, PaymentMethod.values)


def _day(value: Any, place: Place) -> dt.date | None:
    return None if value is None else text(value, cells.day(), place)


def _response_days(value: Any, place: Place) -> int | None:
    if value is None or typed(value, int, place) is None:
        return None
    if not 1 <= value <= 365:
        place.fault("must be a number of days from 1 to 365", value)
    return int(value)


def _year(value: Any, place: Place) -> int:
    if typed(value, str, place) is None:
        return 0
    try:
        year = FiscalYear.parse(value).ends_in
    except ValueError:
        year = 0
    if not 2000 <= year <= 2999:
        place.fault("is no fiscal year; write it like FY27", value)
    return year


def _offers(entry: dict[str, Any], place: Place) -> dict[int, Window]:
    """The offered fiscal years; the enrollment window belongs to the one that its first day falls in."""
    years = each(entry["fiscal_years"], place.at("fiscal_years"), _year) if "fiscal_years" in entry else []
    offers: dict[int, Window] = dict.fromkeys(years, (None, None))
    window = _window(entry.get("enrollment_window"), place.at("enrollment_window"))
    if window and window[0]:
        year = FiscalYear.of(window[0])
        if year.ends_in not in offers:
            place.at("enrollment_window").fault(f"opens in {year}, which is not among fiscal_years", entry["enrollment_window"])
        offers[year.ends_in] = window
    return offers


def _window(value: Any, place: Place) -> Window | None:
    if value is None or typed(value, list, place) is None:
        return None
    if len(value) != 2:
        place.fault("must have two days: when it opens, and its last day", value)
        return None
    opens, closes = (text(value[position], cells.day(), place.at(position)) for position in (0, 1))
    if opens and closes and closes < opens:
        place.fault("closes before it opens", value)
    return opens, closes


def _groups(entry: dict[str, Any], open_to_all: bool, place: Place) -> tuple[Group, ...]:
    if "eligibility" not in entry:
        if not open_to_all:
            place.at("eligibility").fault("is missing; a program has requirements, or open_to_all is true")
        return ()
    if open_to_all:
        place.at("eligibility").fault("stands beside open_to_all, which is true; keep one of them")
    return groups(entry["eligibility"], place.at("eligibility"))
