"""The versions of a profile, newest first, with how each stands."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from profiles.fields import AnyVersion, labels_of, shown_as
from profiles.models import PayoutProfileVersion
from profiles.standing import in_force
from profiles.usage import AnyProfile

from .standing import Line, lines_of

Facts = list[tuple[str | Promise, str]]


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version: what it says, masked, who wrote it, and how it stands with each paying entity."""

    number: int
    at: dt.datetime
    by: str
    facts: Facts
    lines: tuple[Line, ...]
    is_latest: bool
    in_force_with: tuple[str, ...] = ()
    is_taken_back: bool = False


def facts_of(version: AnyVersion) -> dict[str, str]:
    """What a version says, by field, with numbers masked."""
    values: dict[str, str] = {}
    for name in labels_of(version):
        if name in version.shown:
            values[name] = shown_as(version, name)
        elif name in ("payment_method", "classification", "form_kind"):
            values[name] = str(getattr(version, f"get_{name}_display")())
        elif name in ("bank_country", "country"):
            values[name] = str(getattr(version, name).name)
        else:
            value = getattr(version, name, None)
            values[name] = "" if value is None else str(value)
    if isinstance(version, PayoutProfileVersion) and version.shown.get("bic"):
        values["bic"] = str(version.shown["bic"])
    return values


def shown_facts(version: AnyVersion) -> Facts:
    """What a version says, with labels, empty fields left out."""
    labels = labels_of(version)
    return [(labels[name], value) for name, value in facts_of(version).items() if value and name in labels]


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
            shown_facts(row),
            lines[row.pk],
            row.pk == profile.latest_id,
            tuple(sorted(entity for entity, number in force.items() if number == row.number)),
            getattr(row, "taken_back_by_id", None) is not None,
        )
        for row in rows
    ]
