"""The walk over all places. It remembers nothing: what is left to do stands in the values, so a killed walk is taken up by the next."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from incentives_portal.core import keys
from incentives_portal.core.secrets import CannotDecryptError

from .places import Place, places

# Rows that somebody is editing are passed by and come back to, so many times.
PASSES = 5
PAUSE_SECONDS = 0.5
# So many unreadable values are named.
NAMED = 200
Advance = Callable[[int], None]


@dataclass(slots=True)
class Outcome:
    """What a walk did and what it found. Values are named by table, column and row, never by what they hold."""

    newest: str
    rewritten: int = 0
    # Changed or held by somebody else each time it came by.
    passed_by: int = 0
    unreadable: list[str] = field(default_factory=list)
    by_place: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def by_key(self) -> Counter[str]:
        return sum(self.by_place.values(), Counter())

    @property
    def left(self) -> int:
        """How many values are not under the newest key."""
        return sum(count for key_id, count in self.by_key.items() if key_id != self.newest)

    @property
    def removable(self) -> list[str]:
        """The keys of the ring that no value needs any more."""
        return [key_id for key_id in keys.ring().ciphers if key_id != self.newest and not self.by_key[key_id]]

    @property
    def missing(self) -> list[str]:
        """The keys that values ask for and the ring doesn't have."""
        return sorted(self.by_key.keys() - keys.ring().ciphers.keys())


def count() -> Outcome:
    """How many values stand under which key, without reading what they hold."""
    return Outcome(keys.ring().newest, by_place={place.label: place.by_key() for place in places()})


def check(*, size: int = 1000, advance: Advance = lambda count: None) -> Outcome:
    """Decrypts every value, each in its place, and keeps none."""
    outcome = count()
    for place in places():
        after = None
        while rows := place.rows(after, size):
            after = rows[-1][0]
            for row in rows:
                _try(place.opened, row, place, outcome)
            advance(len(rows))
    return outcome


def rotate(*, size: int = 500, advance: Advance = lambda count: None) -> Outcome:
    """Brings every value that can be decrypted under the newest key. Safe to kill, to repeat, and while people work."""
    outcome = Outcome(keys.ring().newest)
    for place in places():
        for again in range(PASSES):
            if again:
                time.sleep(PAUSE_SECONDS)
            outcome.unreadable = [name for name in outcome.unreadable if not name.startswith(f"{place.label}/")]
            passed_by = _pass(place, size, outcome, advance)
            if not passed_by:
                break
        outcome.passed_by += passed_by
    outcome.by_place = count().by_place
    return outcome


def _pass(place: Place, size: int, outcome: Outcome, advance: Advance) -> int:
    """Goes through one place once; how many values were passed by."""
    after, passed_by = None, 0
    while rows := place.rows(after, size, but=outcome.newest):
        after = rows[-1][0]
        sealed = [(pk, held, _try(place.sealed_anew, (pk, held), place, outcome)) for pk, held in rows]
        swaps = [swap for swap in sealed if swap[2] is not None]
        done = place.swap(swaps) if swaps else 0
        outcome.rewritten += done
        passed_by += len(swaps) - done
        advance(done)
    return passed_by


def _try(verb: Callable[[Any], Any], row: Any, place: Place, outcome: Outcome) -> Any:
    try:
        return verb(row)
    except CannotDecryptError:
        outcome.unreadable.append(f"{place.label}/{row[0]}")
        return None
