"""The nearest way to becoming eligible (rule ELI-2): what is least to do so that every requirement is met.

Pure: no database, no clock. It reads a decision's receipt, the JSON that `enrollment.eligibility.Decision` keeps. Fewest
things first, since each is an errand of its own; among equally many the easier ones: what only has to be renewed before what
has to be earned. Nobody moves a location to another country, so a requirement that only a country would meet bars the way.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Above so many combinations each requirement takes its easiest item, shared ones first.
MOST_COMBINATIONS = 4096
RENEWING, ACTIVATING, SIGNING, MIGRATING, EARNING, EARNING_HERE = range(1, 7)

Receipt = Mapping[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: the item of the receipt, and the requirements that it meets."""

    item: Receipt
    meets: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """What to do; `barred` are the requirements that nothing can meet. With nothing to do and nothing barred, all is met."""

    steps: tuple[Step, ...]
    barred: tuple[Receipt, ...]


def nearest_way(groups: Sequence[Receipt]) -> Way:
    """The fewest and easiest items that meet every requirement of a receipt that is not met yet."""
    unmet = [group for group in groups if not group["met"]]
    barred = tuple(group for group in unmet if not _open_to(group))
    choices = [{_key(item): item for item in _open_to(group)} for group in unmet if _open_to(group)]
    chosen = _least(choices)
    items = {key: item for choice in choices for key, item in choice.items()}
    steps = [
        Step(items[key], tuple(group for group in unmet if any(_key(item) == key for item in group["items"])))
        for key in sorted(chosen, key=lambda key: (_effort(items[key]), key))
    ]
    return Way(tuple(steps), barred)


def _open_to(group: Receipt) -> list[Receipt]:
    """The items that somebody can do something about."""
    return [item for item in group["items"] if item["item"]["kind"] != "country"]


def _key(item: Receipt) -> Key:
    """The same thing asked for by two requirements is one errand."""
    asked = item["item"]
    return (asked["kind"], asked["agreement"], asked["designation"], asked["level"], asked["held_by"])


def _effort(item: Receipt) -> int:
    """How far away an item is; what was held once is renewed."""
    observed = item["observed"]
    match item["item"]["kind"]:
        case "active_membership":
            return ACTIVATING
        case "agreement":
            return RENEWING if observed.get("signed_on") else SIGNING
        case "membership_migrated":
            return MIGRATING
        case _ if observed.get("awarded_on"):
            return RENEWING
        case _:
            return EARNING if item["item"]["held_by"] == "any_location" else EARNING_HERE


def _least(choices: Sequence[Mapping[Key, Receipt]]) -> frozenset[Key]:
    if math.prod(len(choice) for choice in choices) > MOST_COMBINATIONS:
        return _one_after_the_other(choices)
    items = {key: item for choice in choices for key, item in choice.items()}

    def weight(chosen: frozenset[Key]) -> tuple[int, int, list[Key]]:
        return len(chosen), sum(_effort(items[key]) for key in chosen), sorted(chosen)

    return min((frozenset(combination) for combination in itertools.product(*choices)), key=weight)


def _one_after_the_other(choices: Sequence[Mapping[Key, Receipt]]) -> frozenset[Key]:
    """A good way where looking at all would take too long: the item that meets most, again and again."""
    chosen: set[Key] = set()
    left = list(choices)
    while left:
        items = {key: item for choice in left for key, item in choice.items()}
        best = min(items, key=lambda key: (-sum(key in choice for choice in left), _effort(items[key]), key))
        chosen.add(best)
        left = [choice for choice in left if best not in choice]
    return frozenset(chosen)
