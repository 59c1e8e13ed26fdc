"""Profiles and validations of the cast."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Location, Partner, User
from profiles.models import PayoutProfile, TaxProfile, Validation
from profiles.services import payouts, taxes, validations
from profiles.services.taxes import Residence

IBAN = "SE4550000000058398257466"
OTHER_IBAN = "SE3550000000054910000003"
ORGNR = "5560125790"
PAYING_ENTITY = "Northwind Ireland Operations Ltd"
RESIDENCE = {
    "legal_name": "Norrsken Data AB",
    "street": "Storgatan 1",
    "postal_code": "411 01",
    "city": "Göteborg",
    "country": "SE",
    "classification": "company",
}


def payout_fields(**changes: Any) -> dict[str, Any]:
    """What a person types for a Swedish account."""
    fields = {
        "name": "SEB account",
        "payment_method": "bank_transfer",
        "bank_country": "SE",
        "account_holder": "Norrsken Data AB",
        "identifiers": {"iban": IBAN},
    }
    return fields | changes


def tax_fields(residence: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """What a person types for a Swedish company."""
    fields = {"name": "Norrsken", "residence": Residence(**(RESIDENCE | (residence or {}))), "identifiers": {"orgnr": ORGNR}}
    return fields | changes


@pytest.fixture
def payout(partner: Partner, ines: User) -> PayoutProfile:
    return payouts.create(partner=partner, by=ines, **payout_fields())


@pytest.fixture
def tax(location: Location, ines: User) -> TaxProfile:
    return taxes.create(location=location, by=ines, **tax_fields())


@pytest.fixture
def submitted(ines: User) -> Callable[..., Validation]:
    """`submitted(payout)`: the validation of the latest version, submitted by Ines."""

    def start(profile: PayoutProfile | TaxProfile, by: Any = ines, paying_entity: str = PAYING_ENTITY) -> Validation:
        key = "payout_version" if isinstance(profile, PayoutProfile) else "tax_version"
        return validations.start(**{key: profile.latest}, paying_entity=paying_entity, by=by)

    return start
