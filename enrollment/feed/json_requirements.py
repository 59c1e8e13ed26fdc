"""The `eligibility` of a program in the feed: groups of items, read into the pure rule's terms (rule ELI-1)."""

from collections.abc import Callable
from typing import Any

from enrollment.eligibility import Group, Item
from enrollment.feed import cells
from enrollment.feed.json_values import Place, each, in_both_languages, known_keys, text, typed
from enrollment.models import RequirementItem

HELD_BY = RequirementItem.HeldBy


def groups(value: Any, place: Place) -> tuple[Group, ...]:
    """All must be met; within one, any item suffices."""
    return tuple(group for group in each(value, place, _group) if group)


def _group(value: Any, place: Place) -> Group | None:
    if typed(value, dict, place) is None:
        return None
    known_keys(value, place, needed=("title", "any_of"))
    titles = in_both_languages(value, "title", place, 120)
    items = each(value["any_of"], place.at("any_of"), _item) if "any_of" in value else []
    return Group(titles.get("title_en", ""), titles.get("title_sv", ""), tuple(item for item in items if item))


def _item(value: Any, place: Place) -> Item | None:
    if typed(value, dict, place) is None:
        return None
    kind = value.get("kind")
    read = KINDS.get(kind) if isinstance(kind, str) else None
    if read is None:
        place.at("kind").fault(f"is unknown; known kinds are {', '.join(KINDS)}", kind)
        return None
    return read(value, place)


def _plain(value: dict[str, Any], place: Place) -> Item:
    known_keys(value, place, needed=("kind",))
    return Item(value["kind"])


def _agreement(value: dict[str, Any], place: Place) -> Item:
    known_keys(value, place, needed=("kind", "agreement"))
    return Item("agreement", agreement=_text(value, "agreement", 60, place))


def _designation(value: dict[str, Any], place: Place) -> Item:
    """Held by the location itself where the feed doesn't say by whom."""
    known_keys(value, place, needed=("kind", "designation", "level"), optional=("held_by",))
    held_by = value.get("held_by", HELD_BY.LOCATION.value)
    if held_by not in HELD_BY.values:
        place.at("held_by").fault(f"is unknown here; write one of {', '.join(HELD_BY.values)}", held_by)
    return Item(
        "designation",
        designation=_text(value, "designation", 60, place),
        level=_text(value, "level", 40, place),
        held_by=str(held_by),
    )


def _country(value: dict[str, Any], place: Place) -> Item:
    known_keys(value, place, needed=("kind", "countries"))
    codes = (
        each(value["countries"], place.at("countries"), lambda code, at: text(code, cells.country, at))
        if "countries" in value
        else []
    )
    return Item("country", countries=tuple(code for code in codes if code))


def _text(value: dict[str, Any], name: str, limit: int, place: Place) -> str:
    return (text(value[name], cells.text(limit), place.at(name)) or "") if name in value else ""


KINDS: dict[str, Callable[[dict[str, Any], Place], Item]] = {
    "active_membership": _plain,
    "agreement": _agreement,
    "designation": _designation,
    "country": _country,
    "membership_migrated": _plain,
}
