"""Default bank profiles: what a location's next enrollment starts with (rule PAY-2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Location
from incentives_portal.core import audit
from profiles.currencies import CURRENCIES, why_not
from profiles.errors import ArchivedError, CurrencyError, ProfileError
from profiles.models import DefaultBankProfile, PayoutProfile

from . import versions


@dataclass(frozen=True, slots=True)
class Move:
    """A location whose default changed; `before` names the profile that it moved from, empty where it had none."""

    location: Location
    before: str = ""


@transaction.atomic
def set_default(*, locations: Iterable[Location], payout_profile: PayoutProfile, currency: str, by: Any) -> list[Move]:
    """Makes `payout_profile` in `currency` the default of every location, moving those that have another.

    What already is so, stays. Enrollments that have begun keep what they chose. Raises ArchivedError, CurrencyError, ProfileError.
    """
    profile = versions.lock(payout_profile)
    if profile.archived_at is not None:
        raise ArchivedError
    if currency not in CURRENCIES:
        raise ProfileError(_("Choose a currency."))
    if profile.latest is not None and (refusal := why_not(currency, profile.latest)):
        raise CurrencyError(refusal)
    places = sorted(locations, key=lambda location: location.pk)
    if any(location.partner_id != profile.partner_id for location in places):
        raise ProfileError(_("A default bank profile can't belong to another partner."))
    existing = _locked(places)
    return [move for place in places if (move := _set_one(place, existing.get(place.pk), profile, currency, by))]


@transaction.atomic
def clear(*, locations: Iterable[Location], by: Any) -> list[Move]:
    """Leaves the locations without a default bank profile."""
    places = list(locations)
    moves = []
    for default in _locked(places).values():
        audit.record("default_bank_profile.cleared", default.location, by=by, before=_for_audit(default))
        moves.append(Move(default.location, default.payout_profile.name))
        default.delete()
    return moves


def _locked(locations: list[Location]) -> dict[Any, DefaultBankProfile]:
    """The defaults that the locations have, by location, locked in one order."""
    rows = DefaultBankProfile.objects.select_for_update(of=("self",)).select_related("payout_profile", "location")
    return {row.location_id: row for row in rows.filter(location__in=locations).order_by("location_id")}


def _set_one(location: Location, default: DefaultBankProfile | None, profile: PayoutProfile, currency: str, by: Any) -> Move | None:
    if default is not None and (default.payout_profile_id, default.currency) == (profile.pk, currency):
        return None
    before = _for_audit(default) if default is not None else None
    moved_from = default.payout_profile.name if default is not None and default.payout_profile_id != profile.pk else ""
    # An upsert: of two people who set a first default at once, the later one moves it.
    row, _created = DefaultBankProfile.objects.update_or_create(
        location=location, defaults={"partner_id": location.partner_id, "payout_profile": profile, "currency": currency}
    )
    audit.record("default_bank_profile.set", location, by=by, before=before, after=_for_audit(row))
    return Move(location, moved_from)


def _for_audit(default: DefaultBankProfile) -> dict[str, Any]:
    return {"profile": default.payout_profile.name, "profile_id": str(default.payout_profile_id), "currency": default.currency}
