"""Brings an enrollment to a stage by the services that people use."""

from typing import Any

from django.db import transaction

from accounts.models import Location, User
from enrollment.derivation import rederive
from enrollment.models import EligibilityDecision, Enrollment, Program
from enrollment.services import enrolling, invitations
from profiles.models import PayoutProfile, TaxProfile, Validation
from profiles.services import payouts, taxes, validations
from tests import factories as make

IBAN = "SE4550000000058398257466"
ORGNR = "556016-0680"


def unmet(location: Location, program: Program | None = None) -> Enrollment:
    """A row of a location that isn't eligible."""
    return _row(location, program, eligible=False)


def invited(location: Location, program: Program | None = None) -> Enrollment:
    """Eligible, and invited."""
    row = _row(location, program, eligible=True)
    invitations.invite_due()
    row.refresh_from_db()
    return row


def _row(location: Location, program: Program | None, *, eligible: bool) -> Enrollment:
    row = make.EnrollmentFactory.create(location=location, program=program or make.ProgramFactory.create())
    if not row.program.open_to_all:
        EligibilityDecision.objects.create(
            program=row.program,
            location=location,
            partner=location.partner,
            eligible=eligible,
            receipt=receipt(eligible),
            rule_version=1,
        )
    rederive([row.pk], cause="evaluated")
    row.refresh_from_db()
    return row


def receipt(eligible: bool) -> dict[str, Any]:
    """What a decision on an active membership keeps."""
    item = {"kind": "active_membership", "agreement": "", "designation": "", "level": "", "held_by": "", "countries": []}
    found = {"item": item, "met": eligible, "observed": {"membership_active": eligible}}
    group = {"title_en": "Membership", "title_sv": "Medlemskap", "met": eligible, "items": [found]}
    return {"eligible": eligible, "groups": [group]}


def accepted(location: Location, by: User, program: Program | None = None) -> Enrollment:
    return enrolling.accept(enrollment_id=invited(location, program).pk, by=by)


def payout(location: Location, by: User, name: str = "Main account", **changes: Any) -> PayoutProfile:
    details: dict[str, Any] = {
        "partner": location.partner,
        "name": name,
        "payment_method": "bank_transfer",
        "bank_country": "SE",
        "account_holder": location.partner.legal_name,
        "identifiers": {"iban": IBAN},
    }
    return payouts.create(**(details | changes), by=by)


def tax(location: Location, by: User, name: str = "Tax", **changes: Any) -> TaxProfile:
    residence: dict[str, Any] = {
        "legal_name": location.partner.legal_name,
        "street": "Storgatan 1",
        "postal_code": "411 01",
        "city": location.city,
        "country": "SE",
        "classification": "company",
        "expires_on": None,
    }
    return taxes.create(
        location=location, name=name, residence=taxes.Residence(**(residence | changes)), identifiers={"orgnr": ORGNR}, by=by
    )


def submitted(location: Location, by: User, program: Program | None = None) -> Enrollment:
    """Everything chosen and submitted; the operator validates."""
    row = accepted(location, by, program)
    enrolling.choose(
        enrollment_id=row.pk,
        payout_profile=payout(location, by, f"Account {row.pk}"),
        tax_profile=tax(location, by, f"Tax {row.pk}"),
        currency="SEK",
        by=by,
    )
    return enrolling.submit(enrollment_id=row.pk, by=by)


@transaction.atomic
def decided(row: Enrollment, by: User, *, rejected: bool = False) -> Enrollment:
    """The operator's decision on all that the enrollment waits for; rejecting names the account holder."""
    for validation in Validation.objects.filter(decision="", partner=row.partner):
        if rejected and validation.payout_version_id:
            validations.reject(validation=validation, reasons=[("account_holder", "holder_differs_from_legal_name", "")], by=by)
        else:
            validations.approve(validation=validation, by=by)
    row.refresh_from_db()
    return row
