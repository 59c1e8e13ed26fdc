"""Whether a location meets a program's requirements (rule ELI-1), as a decision that can be shown (rule ELI-2).

Pure: no database, no clock. A program's requirements are groups; every group must be met, and within a group any one item
suffices. A program without groups is open to all.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Item:
    """One way of meeting a requirement; `kind` says which of the other entries count."""

    kind: str
    agreement: str = ""
    designation: str = ""
    level: str = ""
    held_by: str = ""
    countries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A requirement, its title in both languages, and the items any one of which meets it."""

    title_en: str
    title_sv: str
    any_of: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class AgreementFact:
    """An agreement that holds for the location, its own or the whole partner's; `ends_on` is the last day in force."""

    agreement: str
    signed_on: dt.date
    ends_on: dt.date | None = None

    def in_force(self, day: dt.date) -> bool:
        return self.signed_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True)
class DesignationFact:
    """A designation of this location (`here`) or of another location of the partner; `expires_on` is the last day."""

    designation: str
    level: str
    awarded_on: dt.date
    expires_on: dt.date | None = None
    here: bool = True

    def in_force(self, day: dt.date) -> bool:
        return self.awarded_on <= day and (self.expires_on is None or day <= self.expires_on)


@dataclass(frozen=True, slots=True)
class LocationFacts:
    """All that is known of a location and its partner when its eligibility is decided."""

    country: str
    membership_active: bool
    membership_migrated_on: dt.date | None = None
    agreements: tuple[AgreementFact, ...] = ()
    designations: tuple[DesignationFact, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemResult:
    """An item, whether it is met, and what was observed: a country, or dates of what decided."""

    item: Item
    met: bool
    observed: dict[str, Any]


@dataclass(frozen=True, slots=True)
class GroupResult:
    title_en: str
    title_sv: str
    met: bool
    items: tuple[ItemResult, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome for one location and program, with everything it was made from."""

    eligible: bool
    groups: tuple[GroupResult, ...]

    def as_json(self) -> dict[str, Any]:
        """The receipt that is stored. Written out, as a base of a million locations waits for it every night."""
        return {"eligible": self.eligible, "groups": [_group_as_json(group) for group in self.groups]}


def _group_as_json(group: GroupResult) -> dict[str, Any]:
    items = [{"item": _item_as_json(one.item), "met": one.met, "observed": one.observed} for one in group.items]
    return {"title_en": group.title_en, "title_sv": group.title_sv, "met": group.met, "items": items}


@lru_cache(maxsize=4096)
def _item_as_json(item: Item) -> dict[str, Any]:
    """Shared by all receipts of the rule: to be read, not changed."""
    return asdict(item) | {"countries": list(item.countries)}


def evaluate(groups: Sequence[Group], facts: LocationFacts, day: dt.date) -> Decision:
    """The decision on `day`."""
    results = tuple(_evaluate_group(group, facts, day) for group in groups)
    return Decision(all(result.met for result in results), results)


def _evaluate_group(group: Group, facts: LocationFacts, day: dt.date) -> GroupResult:
    items = tuple(ItemResult(item, *CHECKS[item.kind](item, facts, day)) for item in group.any_of)
    return GroupResult(group.title_en, group.title_sv, any(item.met for item in items), items)


Finding = tuple[bool, dict[str, Any]]


def _active_membership(item: Item, facts: LocationFacts, day: dt.date) -> Finding:
    return facts.membership_active, {"membership_active": facts.membership_active}


def _membership_migrated(item: Item, facts: LocationFacts, day: dt.date) -> Finding:
    on = facts.membership_migrated_on
    return on is not None and on <= day, {"migrated_on": _text(on)}


def _country(item: Item, facts: LocationFacts, day: dt.date) -> Finding:
    return facts.country in item.countries, {"country": facts.country}


def _agreement(item: Item, facts: LocationFacts, day: dt.date) -> Finding:
    named = [fact for fact in facts.agreements if fact.agreement == item.agreement]
    best = _most_telling(named, day)
    return best is not None and best.in_force(day), {
        "signed_on": _text(best and best.signed_on),
        "ends_on": _text(best and best.ends_on),
    }


def _designation(item: Item, facts: LocationFacts, day: dt.date) -> Finding:
    anywhere = item.held_by == "any_location"
    named = [
        fact
        for fact in facts.designations
        if (fact.designation, fact.level) == (item.designation, item.level) and (anywhere or fact.here)
    ]
    best = _most_telling(named, day)
    return best is not None and best.in_force(day), {
        "awarded_on": _text(best and best.awarded_on),
        "expires_on": _text(best and best.expires_on),
    }


CHECKS: dict[str, Callable[[Item, LocationFacts, dt.date], Finding]] = {
    "active_membership": _active_membership,
    "membership_migrated": _membership_migrated,
    "country": _country,
    "agreement": _agreement,
    "designation": _designation,
}

Dated = Any


def _most_telling(found: Sequence[Dated], day: dt.date) -> Dated | None:
    """The one to show: in force before not, then the one that lasts longest."""
    if not found:
        return None
    last = dt.date.max

    def rank(fact: AgreementFact | DesignationFact) -> tuple[bool, dt.date, dt.date]:
        if isinstance(fact, AgreementFact):
            return fact.in_force(day), fact.ends_on or last, fact.signed_on
        return fact.in_force(day), fact.expires_on or last, fact.awarded_on

    return max(found, key=rank)


def _text(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
