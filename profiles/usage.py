"""Which enrollments use a profile (rules PAY-4, ENR-4). The floor above knows; it registers who answers."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from profiles.models import PayoutProfile, TaxProfile

AnyProfile: TypeAlias = PayoutProfile | TaxProfile


@dataclass(frozen=True, slots=True)
class Usage:
    """One enrollment that uses a profile: where and for which program, what it is called, its status in words, its page.

    `live` ones keep a profile from being archived, and go back to validation when it is changed.
    """

    location_id: uuid.UUID | None
    label: str
    status: str
    live: bool
    url: str = ""
    program_code: str | None = None


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
    """What would go back to validation if the profile changed."""
    return [row for row in usage_of(profile) if row.live]
