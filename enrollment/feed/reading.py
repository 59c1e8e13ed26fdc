"""Reads a CSV file row by row, in memory that does not grow with the file, and names everything that is wrong with it."""

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from enrollment.feed.faults import Faults
from enrollment.feed.sheets import Column, Sheet

LONGEST_LINE = 1 << 20
Row = tuple[object, ...]


def read(sheet: Sheet, path: Path, faults: Faults) -> Iterator[Row]:
    """The rows of the file as the temporary table takes them: line, whether the key was readable, one value a column.

    A cell that can't be read is a fault and comes as None, so that what depends on the row's key is still checked.
    """
    if not path.is_file():
        # A folder, a pipe or a device, which may never end.
        faults.add(sheet.file, "is no ordinary file; put the exported file in its place")
        return
    try:
        with path.open("rb") as source:
            yield from _read(sheet, source, faults)
    except OSError as error:
        faults.add(sheet.file, f"can't be read: {error.strerror}")


def _read(sheet: Sheet, source: BinaryIO, faults: Faults) -> Iterator[Row]:
    records = _records(source, sheet.file, faults)
    line, header = next(records, (1, []))
    names = [name.strip() for name in header]
    if not _header_is_right(sheet, line, names, faults):
        return
    for line, cells in records:
        if len(cells) != len(names):
            message = f"the row has {len(cells)} cells where the header has {len(names)}; check commas and quotation marks"
            faults.add(sheet.file, message, row=line)
            yield _key_alone(sheet, line, dict(zip(names, cells, strict=False)))
        else:
            yield _checked(sheet, line, dict(zip(names, cells, strict=True)), faults)


def _lines(source: BinaryIO) -> Iterator[str]:
    """Decoded lines; bytes that are not UTF-8 become surrogates, which `cells.clean` refuses, so that the cell is named."""
    first = True
    while raw := source.readline(LONGEST_LINE):
        line = raw.decode("utf-8", errors="surrogateescape")
        yield line.removeprefix("\ufeff") if first else line
        first = False


def _records(source: BinaryIO, file: str, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each record; empty lines are skipped."""
    reader = csv.reader(_lines(source), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            faults.add(file, f"the row is no CSV ({error}); check its quotation marks and line end", row=line)
            continue
        if cells:
            yield line, cells


def _header_is_right(sheet: Sheet, line: int, names: list[str], faults: Faults) -> bool:
    """Whether the header has every column once and no other; what is wrong is added to `faults`."""
    before = faults.of(sheet.file)
    if not names:
        faults.add(sheet.file, f"the file is empty; its first line names the columns {', '.join(sheet.names)}")
        return False
    if any(not name.isprintable() for name in names):
        faults.add(sheet.file, "the header is not UTF-8 text; save the file as CSV with the encoding UTF-8", row=line)
        return False
    if len(names) == 1 and (";" in names[0] or "\t" in names[0]):
        faults.add(sheet.file, "the cells are not separated by commas; save the file as comma-separated", row=line)
        return False
    for name in sheet.names:
        if name not in names:
            faults.add(sheet.file, "the column is missing; add it to the header", row=line, column=name)
    for position, name in enumerate(names):
        if name not in sheet.names:
            message = f"the column is unknown; the columns are {', '.join(sheet.names)}"
            faults.add(sheet.file, message, row=line, column=name, value=name)
        elif name in names[:position]:
            faults.add(sheet.file, "the column stands twice; remove one", row=line, column=name)
    return faults.of(sheet.file) == before


def _checked(sheet: Sheet, line: int, cells: dict[str, str], faults: Faults) -> Row:
    values: dict[str, object] = {}
    for column in sheet.columns:
        try:
            values[column.name] = column.read(cells[column.name])
        except ValueError as error:
            faults.add(sheet.file, str(error), row=line, column=column.name, value=cells[column.name])
    if sheet.period:
        _check_period(sheet, line, values, faults)
    return line, all(name in values for name in sheet.key), *(values.get(column.name) for column in sheet.columns)


def _check_period(sheet: Sheet, line: int, values: dict[str, object], faults: Faults) -> None:
    assert sheet.period
    first, last = (values.get(name) for name in sheet.period)
    if isinstance(first, dt.date) and isinstance(last, dt.date) and last < first:
        message = f"lies before {sheet.period[0]}, which is {first}; the last day can't come before the first"
        faults.add(sheet.file, message, row=line, column=sheet.period[1], value=last)


def _key_alone(sheet: Sheet, line: int, cells: dict[str, str]) -> Row:
    """Of a row with the wrong number of cells, its key where it can be read: others may refer to it."""
    return line, False, *(_quietly(column, cells) if (column.name,) == sheet.key else None for column in sheet.columns)


def _quietly(column: Column, cells: dict[str, str]) -> object:
    try:
        return column.read(cells.get(column.name, ""))
    except ValueError:
        return None
