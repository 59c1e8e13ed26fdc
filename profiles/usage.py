"""Which enrollments use a profile (rules PAY-4, ENR-4). The floor above knows; it registers who answers."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from profiles.models import PayoutProfile, TaxProfile

AnyProfile: TypeAlias = PayoutProfile | TaxProfile


@dataclass(frozen=True, slots=True)
class Usage:
    """One enrollment that uses a profile: where and for which program, what it is called, its status in words, its page.

    `live` ones keep a profile from being archived. Those that are submitted, too, are `validated_anew` when it is changed.
    """

    location_id: uuid.UUID | None
    label: str
    status: str
    live: bool
    url: str = ""
    program_code: str | None = None
    validated_anew: bool = False
    submitted_by_id: uuid.UUID | None = None


UsageOf: TypeAlias = Callable[[AnyProfile], Iterable[Usage]]
_sources: list[UsageOf] = []


def register_usage(source: UsageOf) -> UsageOf:
    """Names a function that answers which of its rows use a profile. Registering it twice is the same as once."""
    if source not in _sources:
        _sources.append(source)
    return source


def usage_of(profile: AnyProfile) -> list[Usage]:
    """Everything that uses the profile, live or not."""
    return [row for source in _sources for row in source(profile)]


def live_usage_of(profile: AnyProfile) -> list[Usage]:
    """What keeps the profile from being archived."""
    return [row for row in usage_of(profile) if row.live]


def validated_anew(profile: AnyProfile) -> list[Usage]:
    """What would go back to validation if the profile changed (rule ENR-4)."""
    return [row for row in usage_of(profile) if row.validated_anew]


def counted(rows: Iterable[Usage]) -> str:
    """How many enrollments at how many locations, in words; nothing where there are none."""
    rows = list(rows)
    if not rows:
        return ""
    places = len({row.location_id for row in rows})
    enrollments = ngettext("%(count)d enrollment", "%(count)d enrollments", len(rows)) % {"count": len(rows)}
    locations = ngettext("%(count)d location", "%(count)d locations", places) % {"count": places}
    return _("%(enrollments)s at %(locations)s") % {"enrollments": enrollments, "locations": locations}
