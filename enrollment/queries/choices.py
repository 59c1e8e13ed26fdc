"""What an enrollment can be paid to: payout profiles, tax profiles and currencies, and what each would need (rule ENR-1)."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.policy import within
from accounts.roles import Permission
from enrollment.models import Enrollment
from enrollment.moments import in_words
from incentives_portal.core import clock
from profiles import currencies
from profiles.identifiers import tax
from profiles.models import (
    DefaultBankProfile,
    PaymentMethod,
    PayoutProfile,
    PayoutProfileVersion,
    TaxProfile,
    TaxProfileVersion,
)
from profiles.standing import Key, Standing, VersionStanding, standings


@dataclass(frozen=True, slots=True)
class Option:
    """A profile that can be chosen, or why it can't; `mend` is true where it must be corrected before it can be paid to."""

    profile: PayoutProfile | TaxProfile
    note: str
    standing: Standing
    why_not: str = ""
    mend: bool = False
    is_default: bool = False
    field: str = ""

    @property
    def value(self) -> str:
        return str(self.profile.pk)

    @property
    def label(self) -> str:
        return f"{self.profile}\n{self.note}"


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything that the enroll page offers. `unfit` are payout profiles that this program can't pay to."""

    payouts: tuple[Option, ...]
    unfit: tuple[Option, ...]
    taxes: tuple[Option, ...]
    currencies: tuple[str, ...]
    default: Option | None
    default_currency: str

    def payout(self, value: str) -> Option | None:
        return _find(self.payouts, value)

    def tax(self, value: str) -> Option | None:
        return _find(self.taxes, value)


def _find(options: Sequence[Option], value: str) -> Option | None:
    return next((option for option in options if option.value == value), None)


def choices(actor: Actor, enrollment: Enrollment, now: dt.datetime) -> Choices:
    """The profiles that `actor` sees and that are this partner's and this location's. Five queries at most."""
    payouts = PayoutProfile.objects.filter(
        within(actor, Permission.SEE_PROFILES), partner=enrollment.partner_id, archived_at=None, latest__isnull=False
    ).select_related("latest")
    taxes = TaxProfile.objects.filter(
        within(actor, Permission.SEE_PROFILES, location="location_id"),
        location=enrollment.location_id,
        archived_at=None,
        latest__isnull=False,
    ).select_related("latest")
    default = DefaultBankProfile.objects.filter(location=enrollment.location_id).first()
    versions = {profile.latest_id for profile in payouts} | {profile.latest_id for profile in taxes}
    found = standings({version for version in versions if version})
    options = [_payout_option(profile, enrollment, found, default) for profile in payouts]
    options.sort(key=lambda option: not option.is_default)
    fitting = tuple(option for option in options if not option.why_not)
    return Choices(
        payouts=fitting,
        unfit=tuple(option for option in options if option.why_not),
        taxes=tuple(_tax_option(profile, enrollment, found, now) for profile in taxes),
        currencies=tuple(enrollment.program.currencies),
        default=next((option for option in fitting if option.is_default), None),
        default_currency=default.currency if default and default.currency in enrollment.program.currencies else "",
    )


def _standing_of(profile: PayoutProfile | TaxProfile, enrollment: Enrollment, found: dict[Key, VersionStanding]) -> VersionStanding:
    version: uuid.UUID | None = profile.latest_id
    return found.get((version, enrollment.program.paying_entity), VersionStanding()) if version else VersionStanding()


def _payout_option(
    profile: PayoutProfile, enrollment: Enrollment, found: dict[Key, VersionStanding], default: DefaultBankProfile | None
) -> Option:
    latest = profile.latest
    assert latest is not None
    stands = _standing_of(profile, enrollment, found)
    is_default = default is not None and default.payout_profile_id == profile.pk
    number = next((latest.shown[kind] for kind in ("iban", "account", "clabe") if kind in latest.shown), "")
    parts = [_("Default bank profile")] if is_default else []
    parts += [str(PaymentMethod(latest.payment_method).label), latest.bank_name, number, _words(stands)]
    why_not = ""
    if latest.payment_method not in enrollment.program.payment_methods:
        why_not = _("This program doesn't pay by this payment method.")
    elif profile.frozen_at:
        why_not = _("The profile is frozen because somebody reported that a change of its bank details wasn't theirs.")
    else:
        why_not = _unpayable(latest, enrollment.program.currencies)
    return Option(
        profile,
        " · ".join(part for part in parts if part),
        stands.standing,
        why_not,
        mend=stands.standing is Standing.REJECTED,
        is_default=is_default,
        field=stands.reasons[0].field if stands.reasons else "",
    )


def _unpayable(version: PayoutProfileVersion, program_pays: Sequence[str]) -> str:
    """Why the account can be paid in none of the program's currencies; empty where it can in one."""
    refusals = [currencies.why_not(currency, version) for currency in program_pays]
    return refusals[0] if refusals and all(refusals) else ""


def form_needed(version: TaxProfileVersion, payer: str) -> str:
    """The form that the paying entity needs where this one can't be right; empty where it can."""
    country, classification = str(version.country), version.classification
    payer_is_us = payer in settings.US_PAYING_ENTITIES
    fits = tax.fits(str(version.form_kind), country, classification, payer_is_us)
    return "" if fits else tax.form_kind_for(country, classification, payer_is_us)


def _tax_option(profile: TaxProfile, enrollment: Enrollment, found: dict[Key, VersionStanding], now: dt.datetime) -> Option:
    latest = profile.latest
    assert latest is not None
    stands = _standing_of(profile, enrollment, found)
    expired = latest.expires_on is not None and latest.expires_on < clock.date_of(now)
    needed = form_needed(latest, enrollment.program.paying_entity)
    standing = _("its form has expired") if expired else _words(stands)
    if needed:
        standing = _("%(payer)s needs the form %(form)s") % {"payer": enrollment.program.paying_entity, "form": needed}
    parts = [latest.legal_name, str(latest.get_form_kind_display()), standing]
    if latest.expires_on and not expired:
        parts.append(_("form valid until %(when)s") % {"when": in_words(latest.expires_on, now)})
    field = "expires_on" if expired else "form_kind" if needed else (stands.reasons[0].field if stands.reasons else "")
    return Option(
        profile,
        " · ".join(parts),
        stands.standing,
        mend=expired or bool(needed) or stands.standing is Standing.REJECTED,
        field=field,
    )


def _words(stands: VersionStanding) -> str:
    return {
        Standing.UNCHECKED: _("validated after you submit"),
        Standing.VALIDATING: _("being validated"),
        Standing.REJECTED: _("rejected, has to be corrected"),
        Standing.APPROVED: _("validated"),
    }[stands.standing]
