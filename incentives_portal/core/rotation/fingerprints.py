"""The blind index after a change of its key: fingerprints are made anew from the numbers, which only the portal can read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.apps import apps

from incentives_portal.core.secrets import CannotDecryptError

from .columns import Bytes
from .walk import Advance


@dataclass(frozen=True, slots=True)
class _Fingerprinted:
    model: str
    column: str
    of: Callable[[Any], bytes | None]


@dataclass(slots=True)
class Remade:
    """How many fingerprints there are, how many were made anew, and how many couldn't be."""

    looked_at: int = 0
    rewritten: int = 0
    passed_by: int = 0
    unreadable: int = 0


_told: dict[str, _Fingerprinted] = {}


def fingerprinted(model: str, column: str, of: Callable[[Any], bytes | None]) -> None:
    """Tells of a column with fingerprints; `of` makes a row's, and may raise CannotDecryptError."""
    _told[f"{model}.{column}"] = _Fingerprinted(model, column, of)


def refingerprint(*, size: int = 500, advance: Advance = lambda count: None) -> Remade:
    """Makes every fingerprint anew under the newest key of the index and stores those that differ."""
    remade = Remade()
    for told in _told.values():
        model: Any = apps.get_model(told.model)
        column = Bytes(model, told.column)
        after = None
        while rows := column.rows(after, size):
            after = rows[-1][0]
            things = model._base_manager.in_bulk([pk for pk, _held in rows])
            swaps = []
            for pk, held in rows:
                remade.looked_at += 1
                try:
                    new = told.of(things[pk]) if pk in things else held
                except CannotDecryptError:
                    remade.unreadable += 1
                    continue
                if new is not None and new != held:
                    swaps.append((pk, held, new))
            done = column.swap(swaps) if swaps else 0
            remade.rewritten += done
            remade.passed_by += len(swaps) - done
            advance(len(rows))
    return remade
