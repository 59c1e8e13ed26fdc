"""A value of the feed's JSON: what it must be, and a fault with its place in the program where it isn't."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from enrollment.feed import cells
from enrollment.feed.cells import Reader
from enrollment.feed.faults import Faults

_KIND_NAMES = {str: "a text", list: "a list", dict: "an object", bool: "true or false", int: "a whole number"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: its program's line in the file, and the path to it from there."""

    file: str
    row: int
    path: str
    faults: Faults

    def at(self, step: str | int) -> "Place":
        path = f"{self.path}[{step}]" if isinstance(step, int) else f"{self.path}.{step}".removeprefix(".")
        return Place(self.file, self.row, path, self.faults)

    def fault(self, message: str, value: object = "") -> None:
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        self.faults.add(self.file, message, row=self.row, column=self.path, value=shown)


def typed(value: Any, kind: type, place: Place) -> Any:
    """`value` if it is of the kind, else None and a fault. `true` is no number."""
    if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    place.fault(f"must be {_KIND_NAMES[kind]}", value)
    return None


def text(value: Any, read: Reader, place: Place) -> Any:
    """A text, read as a cell is; None and a fault where it isn't one."""
    if typed(value, str, place) is None:
        return None
    try:
        return read(value)
    except ValueError as error:
        place.fault(str(error), value)
        return None


def each(value: Any, place: Place, read: Callable[[Any, Place], Any]) -> list[Any]:
    """The entries of a list that must not be empty, each read; an entry that stands twice is a fault."""
    entries = typed(value, list, place)
    if entries is None:
        return []
    if not entries:
        place.fault("is an empty list; it needs at least one entry")
    results = []
    for position, entry in enumerate(entries):
        results.append(read(entry, place.at(position)))
        if entry in entries[:position]:
            place.at(position).fault("stands twice in the list; remove one", entry)
    return results


def known_keys(value: dict[str, Any], place: Place, *, needed: Iterable[str], optional: Iterable[str] = ()) -> None:
    """Adds a fault for every entry that is missing or unknown."""
    needed, optional = tuple(needed), tuple(optional)
    for name in needed:
        if name not in value:
            place.at(name).fault("is missing; add it")
    for name in value:
        if name not in needed and name not in optional:
            place.at(name).fault(f"is unknown; known are {', '.join((*needed, *optional))}")


def in_both_languages(entry: dict[str, Any], name: str, place: Place, limit: int) -> dict[str, str]:
    """`name_en` and `name_sv` of an object that has both; nothing where the program doesn't speak of it."""
    place = place.at(name)
    if name not in entry or typed(entry[name], dict, place) is None:
        return {}
    value = entry[name]
    known_keys(value, place, needed=cells.LANGUAGES)
    return {f"{name}_{code}": text(value[code], cells.text(limit), place.at(code)) for code in cells.LANGUAGES if code in value}


def entries_of(document: str) -> Iterator[tuple[int, Any]]:
    """The entries of a JSON list, each with the line that it begins on. Raises ValueError (JSONDecodeError has `lineno`)."""
    decoder = json.JSONDecoder()
    position = _after(document, 0, "[")
    if document[position : position + 1] == "]":
        _must_end(document, position + 1)
        return
    while True:
        entry, end = decoder.raw_decode(document, position)
        yield document.count("\n", 0, position) + 1, entry
        position = _blanks(document, end)
        if document[position : position + 1] == "]":
            _must_end(document, position + 1)
            return
        position = _after(document, position, ",")


def _blanks(document: str, position: int) -> int:
    while position < len(document) and document[position] in " \t\r\n":
        position += 1
    return position


def _after(document: str, position: int, char: str) -> int:
    position = _blanks(document, position)
    if document[position : position + 1] != char:
        raise json.JSONDecodeError(f"Expecting {char!r}", document, position)
    return _blanks(document, position + 1)


def _must_end(document: str, position: int) -> None:
    if _blanks(document, position) != len(document):
        raise json.JSONDecodeError("Extra data", document, position)
