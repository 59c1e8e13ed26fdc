"""How a profile stands, in chosen words."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.translation import gettext as _

from incentives_portal.core import clock
from profiles.models import PayoutProfile, TaxProfile, ValidationReason
from profiles.reasons import text_for
from profiles.standing import Standing, VersionStanding, standings
from profiles.usage import AnyProfile

# The pills of the design language, by what they mean.
PILLS = {
    Standing.UNCHECKED: "inactive",
    Standing.VALIDATING: "validating",
    Standing.REJECTED: "action_required",
    Standing.APPROVED: "enrolled",
}


def label_of(standing: Standing) -> str:
    """The words for a standing."""
    return {
        Standing.UNCHECKED: _("Not submitted yet"),
        Standing.VALIDATING: _("Being validated"),
        Standing.REJECTED: _("Has to be corrected"),
        Standing.APPROVED: _("Validated"),
    }[standing]


@dataclass(frozen=True, slots=True)
class Line:
    """How a version stands with one paying entity; without one, it was submitted nowhere."""

    pill: str
    label: str
    paying_entity: str = ""
    due_at: dt.datetime | None = None
    overdue: bool = False
    reasons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A profile as the list shows it."""

    profile: AnyProfile
    url: str
    edit_url: str
    lines: tuple[Line, ...] = field(default=())
    expired: bool = False


def line_of(paying_entity: str, found: VersionStanding, now: dt.datetime) -> Line:
    """One standing in words; past its 48 hours it is still being validated, and says that it is late (rule VAL-4)."""
    reasons = tuple((reason.field, text_for(reason.code)) for reason in found.reasons)
    overdue = found.due_at is not None and found.due_at < now
    return Line(PILLS[found.standing], label_of(found.standing), paying_entity, found.due_at, overdue, reasons)


def lines_of(version_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, tuple[Line, ...]]:
    """The standings of each version; one that was submitted nowhere has a line that says so."""
    ids = list(version_ids)
    found: dict[uuid.UUID, list[Line]] = {pk: [] for pk in ids}
    now = clock.now()
    for (pk, paying_entity), standing in sorted(standings(ids).items(), key=lambda item: item[0][1]):
        found[pk].append(line_of(paying_entity, standing, now))
    return {pk: tuple(lines) or (line_of("", VersionStanding(), now),) for pk, lines in found.items()}


def rows_of(payouts: Iterable[PayoutProfile], taxes: Iterable[TaxProfile]) -> tuple[list[ProfileRow], list[ProfileRow]]:
    """Both lists of the profiles page."""
    payouts, taxes = list(payouts), list(taxes)
    everything: list[AnyProfile] = [*payouts, *taxes]
    lines = lines_of(profile.latest_id for profile in everything if profile.latest_id)
    today = clock.today()
    return [_row(profile, "payout", lines, today) for profile in payouts], [_row(profile, "tax", lines, today) for profile in taxes]


def _row(profile: AnyProfile, name: str, lines: dict[uuid.UUID, tuple[Line, ...]], today: dt.date) -> ProfileRow:
    expires_on = getattr(profile.latest, "expires_on", None)
    return ProfileRow(
        profile,
        reverse(name, args=[profile.pk]),
        reverse(f"{name}_edit", args=[profile.pk]),
        lines.get(profile.latest_id, ()) if profile.latest_id else (),
        expired=expires_on is not None and expires_on < today,
    )


def rejection_of(profile: AnyProfile) -> list[ValidationReason]:
    """Why the latest version was rejected, by whichever paying entity; the newest reason of a field counts."""
    if profile.latest_id is None:
        return []
    by_field = {reason.field: reason for found in standings([profile.latest_id]).values() for reason in found.reasons}
    return list(by_field.values())
