"""Brings an enrollment along its way by the services that people use."""

import itertools
from typing import Any

from accounts.models import Location, User
from enrollment.models import Enrollment, Program
from enrollment.services import enrolling
from enrollment.services.evaluation import evaluate
from enrollment.services.invitations import invite_due
from enrollment.services.opening import open_year
from incentives_portal.core import clock
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.fiscal import FiscalYear
from profiles.models import PayoutProfile, TaxProfile, Validation
from profiles.services import payouts, taxes, validations
from profiles.services.taxes import Residence

numbers = itertools.count(1)


def bank(location: Location, by: User, **changes: Any) -> PayoutProfile:
    """A payout profile of the location's partner."""
    fields = {
        "name": f"Account {next(numbers)}",
        "payment_method": "bank_transfer",
        "bank_country": "SE",
        "account_holder": "Norrsken Data AB",
        "identifiers": {"iban": "SE4550000000058398257466"},
    }
    return payouts.create(partner=location.partner, by=by, **(fields | changes))


def tax(location: Location, by: User, **changes: Any) -> TaxProfile:
    """A tax profile of the location; changes are of its residence, such as `expires_on`."""
    residence = {
        "legal_name": "Norrsken Data AB",
        "street": "Storgatan 1",
        "postal_code": "411 01",
        "city": "Göteborg",
        "country": "SE",
        "classification": "company",
    }
    return taxes.create(
        location=location,
        name=f"Tax {next(numbers)}",
        residence=Residence(**(residence | changes)),
        identifiers={"orgnr": "5560125790"},
        by=by,
    )


def opened(program: Program, location: Location) -> Enrollment:
    """This year's row, evaluated, not invited."""
    evaluate(by=SYSTEM, program_codes=[program.code])
    open_year(fiscal_year=FiscalYear.of(clock.today()), by=SYSTEM)
    return Enrollment.objects.get(program=program, location=location, fiscal_year=FiscalYear.of(clock.today()).ends_in)


def invited(program: Program, location: Location) -> Enrollment:
    row = opened(program, location)
    invite_due()
    row.refresh_from_db()
    return row


def accepted(program: Program, location: Location, by: User) -> Enrollment:
    return enrolling.accept(enrollment_id=invited(program, location).pk, by=by)


def submitted(program: Program, location: Location, by: User, **tax_changes: Any) -> Enrollment:
    """Complete and waiting for the operator."""
    row = accepted(program, location, by)
    enrolling.choose(
        enrollment_id=row.pk,
        payout_profile=bank(location, by),
        tax_profile=tax(location, by, **tax_changes),
        currency=program.currencies[0],
        by=by,
    )
    return enrolling.submit(enrollment_id=row.pk, by=by)


def approve_all(by: User) -> None:
    for validation in Validation.objects.filter(decision=Validation.Decision.OPEN):
        validations.approve(validation=validation, by=by)


def enrolled(program: Program, location: Location, by: User, reviewer: User, **tax_changes: Any) -> Enrollment:
    row = submitted(program, location, by, **tax_changes)
    approve_all(reviewer)
    row.refresh_from_db()
    assert row.status == "enrolled"
    return row


def stamp_of(payout: PayoutProfile, iban: str, holder: str = "N") -> str:
    """What confirms on the form that a profile's account becomes this one."""
    preview = payouts.preview(
        profile=PayoutProfile.objects.get(pk=payout.pk),
        payment_method="bank_transfer",
        bank_country="SE",
        account_holder=holder,
        identifiers={"iban": iban},
    )
    assert preview is not None
    return preview.stamp
