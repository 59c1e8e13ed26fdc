"""The versions of a profile, newest first: what each changed, how it stands, and which one is in force (rule PAY-4)."""

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from profiles.standing import in_force
from profiles.usage import AnyProfile

from .comparing import Compared, compared
from .standing import Line, lines_of


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version: what it says, masked, beside the version before it; who wrote it, and how it stands with each paying entity."""

    number: int
    at: dt.datetime
    by: str
    facts: tuple[Compared, ...]
    lines: tuple[Line, ...]
    is_latest: bool
    in_force_with: tuple[str, ...] = ()
    is_taken_back: bool = False


def versions_of(profile: AnyProfile) -> list[VersionRow]:
    """Every version, newest first."""
    versions: Any = profile.versions
    rows = list(versions.select_related("created_by").order_by("-number"))
    force = in_force(profile)
    lines = lines_of(row.pk for row in rows)
    return [
        VersionRow(
            row.number,
            row.created_at,
            str(row.created_by or ""),
            tuple(fact for fact in compared(row, before) if fact.now or fact.changed),
            lines[row.pk],
            row.pk == profile.latest_id,
            tuple(sorted(entity for entity, number in force.items() if number == row.number)),
            getattr(row, "taken_back_by_id", None) is not None,
        )
        for row, before in pairwise([*rows, None])
    ]
