"""From a profile to the status of the enrollments that use it (rules VAL-1…5, ENR-3, ENR-4)."""

import datetime as dt
import functools
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, User
from enrollment.derivation import differences
from enrollment.models import Enrollment
from enrollment.services import enrolling
from incentives_portal.core import clock
from profiles.errors import InUseError, StaleError, SupersededError
from profiles.models import PayoutProfile, TaxProfile, Validation
from profiles.services import payouts, taxes, validations
from tests.enrollment import stages
from tests.side_by_side import at_once

from .conftest import IBAN, OTHER_IBAN, payout_fields, tax_fields

As = Callable[[User], Client]


@pytest.fixture
def row(location: Location, ines: User, payout: PayoutProfile, tax: TaxProfile) -> Enrollment:
    """An enrollment that Ines has submitted with both profiles."""
    row = stages.accepted(location, ines)
    currency = row.program.currencies[0]
    enrolling.choose(enrollment_id=row.pk, payout_profile=payout, tax_profile=tax, currency=currency, by=ines)
    return enrolling.submit(enrollment_id=row.pk, by=ines)


def status_of(row: Enrollment) -> str:
    row.refresh_from_db()
    return row.status


@pytest.mark.rule("ENR-3")
def test_enrolled_once_both_profiles_are_validated(row: Enrollment) -> None:
    assert status_of(row) == "validating"
    validations.check_due(limit=1)
    assert status_of(row) == "validating"
    validations.check_due()
    assert status_of(row) == "enrolled"


@pytest.mark.rule("VAL-3")
def test_a_rejection_asks_for_action_and_mending_it_leads_to_enrolled(
    as_: As, row: Enrollment, payout: PayoutProfile, ines: User, rita: User
) -> None:
    validation = Validation.objects.get(payout_version=payout.latest)
    validations.reject(validation=validation, reasons=[("account_holder", "holder_differs_from_legal_name", "")], by=rita)
    assert status_of(row) == "action_required"
    url = reverse("payout_edit", args=[payout.pk])
    typed = payout_fields() | {"iban": "", "seen": "1", "account_holder": "Norrsken Data Aktiebolag"}
    typed.pop("identifiers")
    response = as_(ines).post(f"{url}?next=/incentives/{row.pk}/", typed)
    assert response["Location"] == f"/incentives/{row.pk}/"
    assert status_of(row) == "validating"
    validations.check_due()
    assert status_of(row) == "enrolled"


@pytest.mark.rule("ENR-4")
def test_a_material_change_goes_back_to_validation_and_a_name_does_not(
    as_: As, row: Enrollment, payout: PayoutProfile, tax: TaxProfile, ines: User
) -> None:
    validations.check_due()
    page = unescape(as_(ines).get(reverse("payout_edit", args=[payout.pk])).content.decode())
    assert "A change goes back to validation" in page and row.program.name in page
    payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(name="Another name"))
    assert status_of(row) == "enrolled"
    taxes.change(profile=tax, seen_version=1, by=ines, **tax_fields({"street": "Storgatan 2"}))
    assert status_of(row) == "validating"
    validations.check_due()
    assert status_of(row) == "enrolled"


@pytest.mark.rule("PAY-4")
def test_what_a_live_enrollment_uses_is_not_archived(row: Enrollment, payout: PayoutProfile, tax: TaxProfile, ines: User) -> None:
    with pytest.raises(InUseError):
        payouts.archive(profile=payout, by=ines)
    with pytest.raises(InUseError):
        taxes.archive(profile=tax, by=ines)


@pytest.mark.rule("VAL-4")
def test_past_48_hours_it_stays_validating_and_says_that_it_is_late(as_: As, row: Enrollment, ines: User, settings: Any) -> None:
    settings.AUTOMATIC_APPROVAL = False
    clock.move(by=dt.timedelta(hours=49))
    validations.check_due()
    assert validations.flag_overdue() == 2
    assert status_of(row) == "validating"
    assert "overdue: a decision was due" in as_(ines).get(reverse("profiles")).content.decode()


def race(*verbs: Callable[[], Any]) -> list[str]:
    """Runs all at once, each on a connection of its own: what each came to, *done* or the name of its refusal."""

    def outcome(verb: Callable[[], Any]) -> str:
        try:
            verb()
        except Exception as error:
            return type(error).__name__
        return "done"

    return sorted(at_once(*(functools.partial(outcome, verb) for verb in verbs)))


@pytest.mark.rule("VAL-5")
def test_a_change_and_an_approval_at_once_leave_nothing_approved_that_was_not_reviewed(
    transactional_db: None, row: Enrollment, payout: PayoutProfile, ines: User, rita: User
) -> None:
    validation = Validation.objects.get(payout_version=payout.latest)
    fields = payout_fields(identifiers={"iban": OTHER_IBAN})
    outcomes = race(
        lambda: validations.approve(validation=Validation.objects.get(pk=validation.pk), by=rita),
        lambda: payouts.change(profile=payout, seen_version=1, by=ines, **fields),
    )
    assert outcomes in (["done", "done"], [SupersededError.__name__, "done"])
    assert not Validation.objects.filter(payout_version__number=2, decision="approved").exists()
    assert status_of(row) == "validating"


@pytest.mark.rule("VAL-2")
def test_two_workers_check_everything_once(transactional_db: None, row: Enrollment) -> None:
    assert race(validations.check_due, validations.check_due) == ["done", "done"]
    validations.check_due()  # what one of them left to the other, which had it locked
    assert status_of(row) == "enrolled"
    for validation in Validation.objects.all():
        assert validation.decision == "approved"
        assert validation.checks.count() == len({(check.code, check.field) for check in validation.checks.all()})


def test_two_who_save_at_once(transactional_db: None, payout: PayoutProfile, ines: User) -> None:
    def change(holder: str) -> Callable[[], Any]:
        return lambda: payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(account_holder=holder))

    assert race(change("A"), change("B")) == [StaleError.__name__, "done"]
    assert payout.versions.count() == 2


@pytest.mark.rule("VAL-1")
def test_two_submissions_at_once_start_one_validation(transactional_db: None, payout: PayoutProfile, ines: User) -> None:
    def start() -> Any:
        return validations.start(payout_version=payout.latest, paying_entity="Northwind", by=ines)

    assert race(start, start) == ["done", "done"]
    assert Validation.objects.count() == 1
    assert IBAN not in str(Validation.objects.values().get())


@pytest.mark.rule("STA-2")
@pytest.mark.rule("VAL-3")
def test_a_rejection_is_noticed_and_speaks_in_the_operators_name(
    row: Enrollment, as_: As, ines: User, rita: User, payout: PayoutProfile, settings: Any
) -> None:
    validation = Validation.objects.get(payout_version=payout.latest)
    validations.reject(validation=validation, reasons=[("account_holder", "holder_differs_from_legal_name", "")], by=rita)
    assert status_of(row) == "action_required"
    assert ines.notices.filter(kind="rejected", enrollment=row).count() == 1
    page = reverse("enrollment", args=[row.pk])
    assert rita.name not in as_(ines).get(page).content.decode()
    assert rita.name in as_(rita).get(page).content.decode()


@pytest.mark.rule("STA-1")
@pytest.mark.rule("VAL-1")
def test_who_chose_the_same_profiles_and_did_not_submit_sees_that_they_are_being_validated(
    location: Location, ines: User, payout: PayoutProfile, tax: TaxProfile
) -> None:
    first, second = stages.accepted(location, ines), stages.accepted(location, ines)
    for row in (first, second):
        currency = row.program.currencies[0]
        enrolling.choose(enrollment_id=row.pk, payout_profile=payout, tax_profile=tax, currency=currency, by=ines)
    enrolling.submit(enrollment_id=second.pk, by=ines)
    assert differences() == (2, [])
    first.refresh_from_db()
    assert [one["turn"] for one in first.requirements if one["key"] == "payout"] == ["operator"]
