"""Payout profiles: created, changed, archived (rules PAY-1…4)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from accounts.models import Partner
from incentives_portal.core import audit
from incentives_portal.core.secrets import blind_index
from profiles import alarm_mails, fingerprints
from profiles.errors import FieldsError
from profiles.identifiers.bank import SHOWN_WHOLE
from profiles.identifiers.checking import BankInfo, bank_of, check_bank_details, mask
from profiles.models import PayoutProfile, PayoutProfileVersion

from . import versions


@dataclass(frozen=True, slots=True)
class Details:
    """What a version says. `identifiers` are checked, as stored, and don't show themselves."""

    payment_method: str
    bank_country: str
    account_holder: str
    identifiers: dict[str, str] = field(repr=False)

    @classmethod
    @sensitive_variables()
    def checked(cls, payment_method: str, bank_country: str, account_holder: str, typed: Mapping[str, str]) -> "Details":
        """The details with their identifiers checked. Raises FieldsError."""
        findings = check_bank_details(typed, country=bank_country, payment_method=payment_method)
        refused = {kind: finding for kind, finding in findings.items() if not finding.ok}
        if refused:
            raise FieldsError(refused)
        numbers = {kind: finding.value for kind, finding in findings.items()}
        return cls(payment_method, bank_country, account_holder.strip(), numbers)

    @classmethod
    @sensitive_variables()
    def of(cls, version: PayoutProfileVersion) -> "Details":
        """The details that a stored version holds; of numbers that can't be read, none, so that all of them are typed again."""
        return cls(
            version.payment_method, str(version.bank_country), version.account_holder, versions.readable_identifiers(version)
        )

    @sensitive_variables()
    def changed(self, payment_method: str, bank_country: str, account_holder: str, typed: Mapping[str, str]) -> "Details":
        """These details as somebody wants them: an identifier given as "" stays as long as country and method do."""
        if (payment_method, bank_country) == (self.payment_method, self.bank_country):
            typed = {kind: value.strip() or self.identifiers.get(kind, "") for kind, value in typed.items()}
        return Details.checked(payment_method, bank_country, account_holder, typed)

    @property
    def bank(self) -> BankInfo:
        return bank_of(self.identifiers, self.bank_country) if self.identifiers else BankInfo()

    @property
    def shown(self) -> dict[str, str]:
        """The masked identifiers. A BIC names a bank and no account, so it is shown whole, as is the kind of account."""
        masked = {kind: number if kind in SHOWN_WHOLE else mask(number) for kind, number in self.identifiers.items()}
        return masked | ({"bic": self.bank.bic} if self.bank.bic else {})


@transaction.atomic
@sensitive_variables()
def create(
    *,
    partner: Partner,
    name: str,
    payment_method: str,
    bank_country: str,
    account_holder: str,
    identifiers: Mapping[str, str],
    by: Any,
) -> PayoutProfile:
    """A new payout profile with its first version. Raises FieldsError, NameTakenError."""
    details = Details.checked(payment_method, bank_country, account_holder, identifiers)
    profile = PayoutProfile(partner=partner, name=name.strip(), created_by=audit.person(by))
    versions.save_named(profile)
    _add_version(profile, 1, details, by)
    audit.record("payout_profile.created", profile, by=by, after=_for_audit(profile))
    return profile


@transaction.atomic
@sensitive_variables()
def change(
    *,
    profile: PayoutProfile,
    seen_version: int,
    name: str,
    payment_method: str,
    bank_country: str,
    account_holder: str,
    identifiers: Mapping[str, str],
    by: Any,
) -> PayoutProfile:
    """Changes a profile. Anything but the name makes a new version, which has to be validated (rules PAY-4, ENR-4).

    An identifier given as "" stays as it is, as long as country and payment method do. The version in force stays in force
    until the new one is validated. All admins are told, and can freeze it (rule
    PAY-5). Raises StaleError, ArchivedError, FrozenError, FieldsError, NameTakenError.
    """
    profile = versions.lock_to_change(profile, seen_version)
    assert profile.latest is not None
    before, now = _for_audit(profile), Details.of(profile.latest)
    details = now.changed(payment_method, bank_country, account_holder, identifiers)
    renamed, material = profile.name != name.strip(), details != now
    profile.name = name.strip()
    if renamed:
        versions.save_named(profile)
    replaced = profile.latest
    if material:
        versions.supersede_open(profile)
        _add_version(profile, versions.next_number(profile), details, by)
        alarm_mails.tell_changed(replaced, profile.latest, by=by)
    if renamed or material:
        audit.record("payout_profile.changed", profile, by=by, before=before, after=_for_audit(profile))
    if material:
        versions.announce(profile, "payout_changed", by=by)
    return profile


def archive(*, profile: PayoutProfile, by: Any) -> PayoutProfile:
    """Archives a profile that no live enrollment and no default uses (rule PAY-4). Raises InUseError, which says where."""
    versions.archive(profile, by=by)
    profile.refresh_from_db(fields=["archived_at"])
    return profile


@sensitive_variables()
def _add_version(profile: PayoutProfile, number: int, details: Details, by: Any) -> None:
    version = _version_of(profile, number, details, by)
    version.save(force_insert=True)
    profile.latest = version
    profile.save(update_fields=["latest"])


@sensitive_variables()
def _version_of(profile: PayoutProfile, number: int, details: Details, by: Any) -> PayoutProfileVersion:
    numbers = details.identifiers
    return PayoutProfileVersion(
        profile=profile,
        number=number,
        payment_method=details.payment_method,
        bank_country=details.bank_country,
        account_holder=details.account_holder,
        identifiers=json.dumps(numbers) if numbers else None,
        shown=details.shown,
        fingerprint=next(iter(fingerprints.of_payout(numbers, country=details.bank_country)), None),
        bank_name=details.bank.name[:200],
        created_by=audit.person(by),
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """A change of account before it is saved: the version that it would make, and a stamp that stands for just this change."""

    version: PayoutProfileVersion
    stamp: str


@sensitive_variables()
def preview(
    *,
    profile: PayoutProfile,
    payment_method: str,
    bank_country: str,
    account_holder: str,
    identifiers: Mapping[str, str],
    **_name: str,
) -> Preview | None:
    """What `change` would make of the account, to be looked at first (rule PAY-5), or None where the account stays.

    Raises FieldsError.
    """
    assert profile.latest is not None
    now = Details.of(profile.latest)
    details = now.changed(payment_method, bank_country, account_holder, identifiers)
    if (details.payment_method, details.bank_country, details.identifiers) == (
        now.payment_method,
        now.bank_country,
        now.identifiers,
    ):
        return None
    wanted = json.dumps([payment_method, bank_country, details.account_holder, details.identifiers], sort_keys=True)
    stamp = blind_index(f"{profile.pk}/{profile.latest.number}/{wanted}", purpose="confirm").hex()
    return Preview(_version_of(profile, profile.latest.number + 1, details, None), stamp)


def _for_audit(profile: PayoutProfile) -> dict[str, Any]:
    """What the audit log keeps: everything but the numbers."""
    version = profile.latest
    assert version is not None
    return {
        "name": profile.name,
        "version": version.number,
        "payment_method": str(version.payment_method),
        "bank_country": str(version.bank_country),
        "account_holder": version.account_holder,
        "bank": version.bank_name,
        **version.shown,
    }
