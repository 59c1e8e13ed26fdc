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
from profiles.errors import FieldsError
from profiles.identifiers.checking import BankInfo, bank_of, canonical, check_bank_details, mask
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
        """The details that a stored version holds."""
        return cls(version.payment_method, str(version.bank_country), version.account_holder, version.read_identifiers())

    @property
    def bank(self) -> BankInfo:
        return bank_of(self.identifiers, self.bank_country) if self.identifiers else BankInfo()

    @property
    def shown(self) -> dict[str, str]:
        """The masked identifiers. A BIC names a bank and no account, so it is shown whole."""
        masked = {kind: mask(number) for kind, number in self.identifiers.items()}
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
    until the new one is validated. Raises StaleError, ArchivedError, FieldsError, NameTakenError.
    """
    profile = versions.lock_to_change(profile, seen_version)
    assert profile.latest is not None
    before, now = _for_audit(profile), Details.of(profile.latest)
    typed = dict(identifiers)
    if (payment_method, bank_country) == (now.payment_method, now.bank_country):
        typed = {kind: value.strip() or now.identifiers.get(kind, "") for kind, value in typed.items()}
    details = Details.checked(payment_method, bank_country, account_holder, typed)
    renamed, material = profile.name != name.strip(), details != now
    profile.name = name.strip()
    if renamed:
        versions.save_named(profile)
    if material:
        versions.supersede_open(profile)
        _add_version(profile, seen_version + 1, details, by)
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
    numbers = details.identifiers
    version = PayoutProfileVersion(
        profile=profile,
        number=number,
        payment_method=details.payment_method,
        bank_country=details.bank_country,
        account_holder=details.account_holder,
        identifiers=json.dumps(numbers) if numbers else None,
        shown=details.shown,
        fingerprint=blind_index(canonical(numbers, country=details.bank_country), purpose="payout") if numbers else None,
        bank_name=details.bank.name[:200],
        created_by=audit.person(by),
    )
    version.save(force_insert=True)
    profile.latest = version
    profile.save(update_fields=["latest"])


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
