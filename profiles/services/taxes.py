"""Tax profiles: created, changed, archived (rule TAX-1)."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from accounts.models import Location
from incentives_portal.core import audit
from profiles import fingerprints
from profiles.errors import FieldsError, UnreadableNumbersError
from profiles.identifiers.checking import check_tax_numbers, mask
from profiles.identifiers.tax import form_kind_for
from profiles.models import TaxProfile, TaxProfileVersion

from . import versions


@dataclass(frozen=True, slots=True)
class Residence:
    """Who is taxed, and where: the part of a tax profile that isn't a number."""

    legal_name: str
    street: str
    city: str
    country: str
    classification: str
    postal_code: str = ""
    form_kind: str = ""
    expires_on: dt.date | None = None

    def with_form(self) -> "Residence":
        """With the form that the country and the classification ask for, where none was chosen.

        A paying entity in the United States asks others for a W-8; who is paid by one chooses it.
        """
        form = self.form_kind or form_kind_for(self.country, self.classification, paying_entity_is_us=False)
        return replace(self, form_kind=form)


@dataclass(frozen=True, slots=True)
class Details:
    """What a version says. `identifiers` are checked, as stored, and don't show themselves."""

    residence: Residence
    identifiers: dict[str, str] = field(repr=False)

    @classmethod
    @sensitive_variables()
    def checked(cls, residence: Residence, typed: Mapping[str, str]) -> "Details":
        """The details with their identifiers checked. Raises FieldsError."""
        findings = check_tax_numbers(typed, country=residence.country, classification=residence.classification)
        refused = {kind: finding for kind, finding in findings.items() if not finding.ok}
        if refused:
            raise FieldsError(refused)
        return cls(residence.with_form(), {kind: finding.value for kind, finding in findings.items()})

    @classmethod
    @sensitive_variables()
    def of(cls, version: TaxProfileVersion) -> "Details":
        """The details that a stored version holds; of numbers that can't be read, none, so that all of them are typed again."""
        residence = Residence(
            legal_name=version.legal_name,
            street=version.street,
            city=version.city,
            country=str(version.country),
            classification=version.classification,
            postal_code=version.postal_code,
            form_kind=str(version.form_kind),
            expires_on=version.expires_on,
        )
        return cls(residence, versions.readable_identifiers(version))


@transaction.atomic
@sensitive_variables()
def create(*, location: Location, name: str, residence: Residence, identifiers: Mapping[str, str], by: Any) -> TaxProfile:
    """A new tax profile of a location with its first version. Raises FieldsError, NameTakenError."""
    details = Details.checked(residence, identifiers)
    profile = TaxProfile(partner_id=location.partner_id, location=location, name=name.strip(), created_by=audit.person(by))
    versions.save_named(profile)
    _add_version(profile, 1, details, by)
    audit.record("tax_profile.created", profile, by=by, after=_for_audit(profile))
    return profile


@transaction.atomic
@sensitive_variables()
def change(
    *, profile: TaxProfile, seen_version: int, name: str, residence: Residence, identifiers: Mapping[str, str], by: Any
) -> TaxProfile:
    """Changes a profile. Anything but the name makes a new version, which has to be validated (rule ENR-4).

    An identifier given as "" stays as it is, as long as country and classification do.
    Raises StaleError, ArchivedError, FieldsError, NameTakenError.
    """
    profile = versions.lock_to_change(profile, seen_version)
    assert profile.latest is not None
    before, now = _for_audit(profile), Details.of(profile.latest)
    typed = dict(identifiers)
    if (residence.country, residence.classification) == (now.residence.country, now.residence.classification):
        typed = {kind: value.strip() or now.identifiers.get(kind, "") for kind, value in typed.items()}
    details = Details.checked(residence, typed)
    renamed, material = profile.name != name.strip(), details != now
    profile.name = name.strip()
    if renamed:
        versions.save_named(profile)
    if material:
        _replace(profile, details, by)
    if renamed or material:
        audit.record("tax_profile.changed", profile, by=by, before=before, after=_for_audit(profile))
    if material:
        versions.announce(profile, "tax_changed", by=by)
    return profile


@sensitive_variables()
def say_again(*, profile: TaxProfile, by: Any) -> None:
    """A new version that says the same, because other documents lie beside it: it is validated anew (rules ENR-4, VAL-5).

    The caller holds the profile's lock, in a transaction. Raises UnreadableNumbersError.
    """
    assert profile.latest is not None
    before, details = _for_audit(profile), Details.of(profile.latest)
    if not details.identifiers:
        raise UnreadableNumbersError
    _replace(profile, details, by)
    audit.record("tax_profile.changed", profile, by=by, before=before, after=_for_audit(profile))
    versions.announce(profile, "tax_changed", by=by)


def archive(*, profile: TaxProfile, by: Any) -> TaxProfile:
    """Archives a profile that no live enrollment uses (rule PAY-4). Raises InUseError, which says where."""
    versions.archive(profile, by=by)
    profile.refresh_from_db(fields=["archived_at"])
    return profile


@sensitive_variables()
def _replace(profile: TaxProfile, details: Details, by: Any) -> None:
    """The next version, in place of the latest one and whatever of it is still under review."""
    versions.supersede_open(profile)
    _add_version(profile, versions.next_number(profile), details, by)


@sensitive_variables()
def _add_version(profile: TaxProfile, number: int, details: Details, by: Any) -> None:
    numbers, country = details.identifiers, details.residence.country
    version = TaxProfileVersion(
        profile=profile,
        number=number,
        **asdict(details.residence),
        identifiers=json.dumps(numbers),
        shown={kind: mask(value) for kind, value in numbers.items()},
        fingerprint=fingerprints.of_tax(numbers, country=country)[0],
        created_by=audit.person(by),
    )
    version.save(force_insert=True)
    profile.latest = version
    profile.save(update_fields=["latest"])


def _for_audit(profile: TaxProfile) -> dict[str, Any]:
    """What the audit log keeps: everything but the numbers."""
    version = profile.latest
    assert version is not None
    return {
        "name": profile.name,
        "version": version.number,
        "legal_name": version.legal_name,
        "street": version.street,
        "postal_code": version.postal_code,
        "city": version.city,
        "country": str(version.country),
        "classification": str(version.classification),
        "form": str(version.form_kind),
        "expires_on": version.expires_on.isoformat() if version.expires_on else None,
        **version.shown,
    }
