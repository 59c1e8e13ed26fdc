"""Requirements as they are typed: read from the form, moved about, and checked until they make sense (rule ELI-1).

What is typed is kept as it was typed, mistakes included, so that a draft can be left at any moment. `checked` turns it into
the groups of the pure rule, or says what is wrong where.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from django.utils.translation import gettext as _
from django.utils.translation import override
from django_countries import countries

from enrollment.eligibility import Group, Item
from enrollment.models import RequirementItem
from enrollment.models.programs import in_language
from incentives_portal.core.visible import INVISIBLE

MOST_GROUPS, MOST_ITEMS = 20, 20
LONGEST = {"title_en": 120, "title_sv": 120, "agreement": 60, "designation": 60, "level": 40, "countries": 4000}
KINDS: dict[str, tuple[str, ...]] = {
    "active_membership": (),
    "agreement": ("agreement",),
    "designation": ("designation", "level", "held_by"),
    "country": ("countries",),
    "membership_migrated": (),
}


@dataclass(slots=True)
class TypedItem:
    """One way of meeting a requirement, as typed; `faults` by the name of its entry."""

    kind: str
    typed: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return str(RequirementItem.Kind(self.kind).label)

    @property
    def countries_read(self) -> str:
        """What the typed countries were understood as."""
        return ", ".join(str(countries.name(code)) for code in countries_in(self.typed.get("countries", ""))[0])


@dataclass(slots=True)
class TypedGroup:
    """A requirement, as typed."""

    title_en: str = ""
    title_sv: str = ""
    items: list[TypedItem] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """In the language of the page."""
        return in_language(self, "title")


@dataclass(slots=True)
class Typed:
    """All requirements of a program as typed."""

    groups: list[TypedGroup] = field(default_factory=list)
    open_to_all: bool = False
    fault: str = ""

    @classmethod
    def stored(cls, groups: Iterable[Mapping[str, Any]], *, open_to_all: bool) -> Self:
        """What `as_json` wrote."""
        return cls(
            [
                TypedGroup(
                    one["title_en"], one["title_sv"], [TypedItem(item["kind"], dict(item["typed"])) for item in one["items"]]
                )
                for one in groups
            ],
            open_to_all,
        )

    @classmethod
    def of(cls, groups: Iterable[Group], *, open_to_all: bool) -> Self:
        """Published requirements, to begin with."""
        return cls([TypedGroup(one.title_en, one.title_sv, [_typed(item) for item in one.any_of]) for one in groups], open_to_all)

    @classmethod
    def read(cls, form: Mapping[str, str]) -> Self:
        """What the form holds. More than fits, or nonsense, is left out."""
        groups = [_read_group(form, f"g{number}") for number in range(_count(form, "groups", MOST_GROUPS))]
        return cls(groups, open_to_all=bool(form.get("open_to_all")))

    def as_json(self) -> list[dict[str, Any]]:
        """As a draft keeps it."""
        return [
            {
                "title_en": one.title_en,
                "title_sv": one.title_sv,
                "items": [{"kind": item.kind, "typed": item.typed} for item in one.items],
            }
            for one in self.groups
        ]

    def do(self, what: str, form: Mapping[str, str]) -> None:
        """What a button of the form says: add or remove a requirement or an item, or move a requirement up."""
        verb, *places = what.split(":")
        numbers = [int(place) for place in places if place.isascii() and place.isdigit() and len(place) < 4]
        act = _VERBS.get(verb)
        if act is not None and len(numbers) == len(places):
            act(self, numbers, form)

    def checked(self) -> tuple[Group, ...] | None:
        """The groups of the pure rule, or None where something is missing or wrong; then the faults stand beside it."""
        groups = [_checked_group(one) for one in self.groups] if not self.open_to_all else []
        self.fault = ""
        if not groups and not self.open_to_all:
            self.fault = _("Add a requirement, or make the program open to all.")
        whole = [one for one in groups if one is not None]
        return tuple(whole) if len(whole) == len(groups) and not self.fault else None


def _count(form: Mapping[str, str], name: str, most: int) -> int:
    typed = form.get(name, "")
    return min(int(typed), most) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0


def _plain(form: Mapping[str, str], name: str, entry: str) -> str:
    """What was typed in one entry; characters that can't be seen, as happens when copying, are left out."""
    typed = form.get(name, "").replace("\r", "").replace("\n", ", " if entry == "countries" else " ")
    return "".join(char for char in typed if unicodedata.category(char) not in INVISIBLE)[: LONGEST.get(entry, 40)].strip()


def _read_group(form: Mapping[str, str], name: str) -> TypedGroup:
    items = [
        TypedItem(kind, {entry: _plain(form, f"{name}i{number}-{entry}", entry) for entry in KINDS[kind]})
        for number in range(_count(form, f"{name}-items", MOST_ITEMS))
        if (kind := form.get(f"{name}i{number}-kind", "")) in KINDS
    ]
    return TypedGroup(_plain(form, f"{name}-title_en", "title_en"), _plain(form, f"{name}-title_sv", "title_sv"), items)


def _typed(item: Item) -> TypedItem:
    values = {entry: getattr(item, entry) for entry in KINDS[item.kind]}
    if "countries" in values:
        values["countries"] = ", ".join(values["countries"])
    return TypedItem(item.kind, values)


def _add_group(typed: Typed, numbers: list[int], form: Mapping[str, str]) -> None:
    if len(typed.groups) < MOST_GROUPS:
        typed.groups.append(TypedGroup())


def _remove_group(typed: Typed, numbers: list[int], form: Mapping[str, str]) -> None:
    if len(numbers) == 1 and numbers[0] < len(typed.groups):
        del typed.groups[numbers[0]]


def _move_up(typed: Typed, numbers: list[int], form: Mapping[str, str]) -> None:
    if len(numbers) == 1 and 0 < numbers[0] < len(typed.groups):
        typed.groups.insert(numbers[0] - 1, typed.groups.pop(numbers[0]))


def _add_item(typed: Typed, numbers: list[int], form: Mapping[str, str]) -> None:
    if len(numbers) != 1 or numbers[0] >= len(typed.groups):
        return
    kind, items = form.get(f"g{numbers[0]}-add", ""), typed.groups[numbers[0]].items
    if kind in KINDS and len(items) < MOST_ITEMS:
        items.append(TypedItem(kind, {"held_by": "location"} if kind == "designation" else {}))


def _remove_item(typed: Typed, numbers: list[int], form: Mapping[str, str]) -> None:
    if len(numbers) == 2 and numbers[0] < len(typed.groups) and numbers[1] < len(typed.groups[numbers[0]].items):
        del typed.groups[numbers[0]].items[numbers[1]]


_VERBS: dict[str, Callable[[Typed, list[int], Mapping[str, str]], None]] = {
    "add_group": _add_group,
    "remove_group": _remove_group,
    "up": _move_up,
    "add_item": _add_item,
    "remove_item": _remove_item,
}


def _checked_group(typed: TypedGroup) -> Group | None:
    typed.faults = {}
    for entry in ("title_en", "title_sv"):
        if not getattr(typed, entry):
            typed.faults[entry] = _("Give the requirement a title.")
    if not typed.items:
        typed.faults["no_items"] = _("Add at least one item that meets this requirement.")
    items = [_checked_item(one) for one in typed.items]
    whole = tuple(one for one in items if one is not None)
    if typed.faults or len(whole) != len(items):
        return None
    return Group(typed.title_en, typed.title_sv, whole)


def _checked_item(item: TypedItem) -> Item | None:
    item.faults, values = {}, dict[str, Any](item.typed)
    for entry in KINDS[item.kind]:
        if not item.typed.get(entry):
            item.faults[entry] = _("This is needed.")
    if item.typed.get("held_by") and item.typed["held_by"] not in RequirementItem.HeldBy.values:
        item.faults["held_by"] = _("Choose who holds it.")
    if "countries" in values:
        values["countries"], unknown = countries_in(values["countries"])
        if unknown:
            item.faults["countries"] = _("No country is called %(names)s.") % {"names": ", ".join(unknown)}
    return None if item.faults else Item(item.kind, **values)


def countries_in(typed: str) -> tuple[tuple[str, ...], list[str]]:
    """The countries of a list of codes or of names in either language, and the words that are none."""
    found: dict[str, None] = {}
    unknown = []
    for word in filter(None, (part.strip() for part in re.split(r"[,;]", typed))):
        code = word.upper() if countries.name(word.upper()) and len(word) == 2 else _by_name(word)
        if code:
            found[code] = None
        else:
            unknown.append(word[:40])
    return tuple(found), unknown


def _by_name(word: str) -> str:
    for language in ("en", "sv"):
        with override(language):
            if code := countries.by_name(word, language=language):
                return str(code)
    return ""
