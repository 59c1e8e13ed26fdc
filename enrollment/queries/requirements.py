"""A program's requirements for one location, with what was observed and what would meet them (rule ELI-2)."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django_countries import countries

from enrollment.models import EligibilityDecision, Enrollment
from enrollment.moments import in_words
from enrollment.nearest_way import nearest_way


@dataclass(frozen=True, slots=True)
class ItemShown:
    """One way of meeting a requirement: what is asked, what was observed, and what would meet it."""

    met: bool
    asked: str
    observed: str
    remedy: str


@dataclass(frozen=True, slots=True)
class GroupShown:
    """One requirement; any one of its items suffices."""

    title: str
    met: bool
    items: tuple[ItemShown, ...]


def current_decision(enrollment: Enrollment) -> EligibilityDecision | None:
    """The decision in force for the enrollment's program and location; None before the first evaluation."""
    return EligibilityDecision.objects.filter(
        program=enrollment.program_id, location=enrollment.location_id, is_current=True
    ).first()


def shown(decision: EligibilityDecision, now: dt.datetime) -> list[GroupShown]:
    """The decision's receipt in words."""
    return groups_shown(decision.receipt["groups"], now)


def groups_shown(groups: Iterable[Mapping[str, Any]], now: dt.datetime) -> list[GroupShown]:
    """Groups of a receipt in words."""
    return [GroupShown(title_of(group), group["met"], tuple(item_shown(one, now) for one in group["items"])) for group in groups]


def title_of(group: Mapping[str, Any]) -> str:
    """A requirement's title in the language of the page."""
    return str(group["title_sv" if (get_language() or "en").startswith("sv") else "title_en"])


def item_shown(result: Mapping[str, Any], now: dt.datetime) -> ItemShown:
    """One item of a receipt in words."""
    item, observed, met = result["item"], result["observed"], result["met"]
    asked, seen, remedy = WORDS[item["kind"]](item, observed, now)
    return ItemShown(met, asked, seen, "" if met else remedy)


@dataclass(frozen=True, slots=True)
class StepShown:
    """One thing to do, and the requirements that it meets."""

    asked: str
    remedy: str
    meets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WayShown:
    """The nearest way to becoming eligible; `barred` are the requirements that no act meets."""

    steps: tuple[StepShown, ...]
    barred: tuple[str, ...]


def way_shown(decision: EligibilityDecision, now: dt.datetime) -> WayShown | None:
    """What is least to do for a location that isn't eligible, in words; None for one that is."""
    if decision.eligible:
        return None
    way = nearest_way(decision.receipt["groups"])
    steps = [(item_shown(step.item, now), step.meets) for step in way.steps]
    return WayShown(
        tuple(StepShown(shown.asked, shown.remedy, tuple(title_of(group) for group in meets)) for shown, meets in steps),
        tuple(title_of(group) for group in way.barred),
    )


Words = tuple[str, str, str]


def _active_membership(item: Mapping[str, Any], observed: Mapping[str, Any], now: dt.datetime) -> Words:
    seen = _("The membership is active.") if observed.get("membership_active") else _("The membership isn't active.")
    return _("Active membership of the location"), seen, _("Activate or renew the membership of this location.")


def _membership_migrated(item: Mapping[str, Any], observed: Mapping[str, Any], now: dt.datetime) -> Words:
    on = _day(observed.get("migrated_on"), now)
    seen = _("Completed on %(when)s.") % {"when": on} if on else _("Not completed.")
    return _("Membership migration of your company completed"), seen, _("A global admin of your company completes the migration.")


def _country(item: Mapping[str, Any], observed: Mapping[str, Any], now: dt.datetime) -> Words:
    names = ", ".join(sorted(countries.name(code) for code in item["countries"]))
    seen = _("The location is in %(country)s.") % {"country": countries.name(observed["country"])}
    return (
        _("The location is in one of these countries: %(names)s") % {"names": names},
        seen,
        _("Only a location in another country can meet this."),
    )


def _agreement(item: Mapping[str, Any], observed: Mapping[str, Any], now: dt.datetime) -> Words:
    name = readable(item["agreement"])
    signed, ends = _day(observed.get("signed_on"), now), _day(observed.get("ends_on"), now)
    if not signed:
        seen = _("Not signed.")
    elif ends:
        seen = _("Signed on %(signed)s; last day in force %(ends)s.") % {"signed": signed, "ends": ends}
    else:
        seen = _("Signed on %(signed)s, in force until further notice.") % {"signed": signed}
    return _("%(agreement)s in force") % {"agreement": name}, seen, _("Sign this agreement, or renew it if it has ended.")


def _designation(item: Mapping[str, Any], observed: Mapping[str, Any], now: dt.datetime) -> Words:
    names = {"designation": readable(item["designation"]), "level": readable(item["level"])}
    if item["held_by"] == "any_location":
        asked = _("Designation %(designation)s at level %(level)s, at any location of your company") % names
        remedy = _("Earn this designation at any location, or renew it if it has expired.")
    else:
        asked = _("Designation %(designation)s at level %(level)s, at this location") % names
        remedy = _("Earn this designation at this location, or renew it if it has expired.")
    awarded, expires = _day(observed.get("awarded_on"), now), _day(observed.get("expires_on"), now)
    if not awarded:
        seen = _("Not held.")
    elif expires:
        seen = _("Awarded on %(awarded)s; last day %(expires)s.") % {"awarded": awarded, "expires": expires}
    else:
        seen = _("Awarded on %(awarded)s.") % {"awarded": awarded}
    return asked, seen, remedy


WORDS = {
    "active_membership": _active_membership,
    "membership_migrated": _membership_migrated,
    "country": _country,
    "agreement": _agreement,
    "designation": _designation,
}


def _day(stored: str | None, now: dt.datetime) -> str:
    return in_words(dt.date.fromisoformat(stored), now) if stored else ""


def readable(code: str) -> str:
    """A name from the operator's feed, which gives codes: `cloud-reseller-agreement` reads *Cloud reseller agreement*."""
    return code.replace("-", " ").replace("_", " ").capitalize()
