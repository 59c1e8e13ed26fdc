"""What is wrong with a feed: every fault by file, row and column, in one report."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

LISTED = 1000  # per file; a fault in every row of a large file must not fill the memory
SHOWN = 80


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend. `row` is the line in the file, the header being 1; empty where the whole file is meant."""

    file: str
    row: int | None
    column: str
    value: str
    message: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Faults:
    """Collects faults: all are counted, the first thousand of each file are kept to be shown."""

    def __init__(self) -> None:
        self._count: Counter[str] = Counter()
        self._listed: list[Fault] = []

    def add(self, file: str, message: str, *, row: int | None = None, column: str = "", value: object = "") -> None:
        self._count[file] += 1
        if self._count[file] <= LISTED:
            self._listed.append(Fault(file, row, column, shown(value), message))

    def add_unlisted(self, file: str, number: int) -> None:
        """Counts faults that were found but are too many to list."""
        self._count[file] += max(number, 0)

    def of(self, file: str) -> int:
        """How many faults the file has."""
        return self._count[file]

    def __len__(self) -> int:
        return self._count.total()

    def __iter__(self) -> Iterator[Fault]:
        """The faults that are listed, by file, row and column."""
        return iter(sorted(self._listed, key=lambda fault: (fault.file, fault.row or 0, fault.column)))


def shown(value: object) -> str:
    """`value` as it can be printed anywhere: shortened, and without bytes that are not text or control the terminal."""
    text = str(value)
    text = text if len(text) <= SHOWN else text[:SHOWN] + "…"
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
