"""A second reviewer over a threshold of flags, and taking a decision back within a minute (rules VAL-2, VAL-3, VAL-5)."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Location, Partner, RoleAssignment, User
from enrollment.models import Enrollment, Notice
from enrollment.services import enrolling
from incentives_portal.core import clock, outbox
from incentives_portal.core.models import AuditEntry, Mail
from profiles.errors import AlreadyDecidedError, OwnRequestError, SecondReviewerError, SupersededError, UndoError
from profiles.models import PayoutProfile, TaxProfile, Validation, ValidationCheck
from profiles.services import payouts, validations
from tests import factories as make
from tests.enrollment import stages

from .conftest import OTHER_IBAN, payout_fields

Submit = Callable[..., Validation]
WRONG_HOLDER = [("account_holder", "holder_differs_from_legal_name", "")]


@pytest.fixture
def risky(payout: PayoutProfile, submitted: Submit) -> Validation:
    """Three findings of the automatic checks aren't "passed"."""
    validation = submitted(payout)
    validations.check_due()
    Validation.objects.filter(pk=validation.pk).update(decision="", decided_at=None)
    flags = [ValidationCheck(validation=validation, code=code, outcome="flagged") for code in ("a", "b", "c")]
    ValidationCheck.objects.bulk_create(flags)
    validation.refresh_from_db()
    return validation


def reread(validation: Validation) -> Validation:
    return Validation.objects.get(pk=validation.pk)


@pytest.mark.rule("VAL-2")
def test_over_the_threshold_two_reviewers_approve(risky: Validation, rita: User, roland: User, ines: User) -> None:
    first = validations.approve(validation=risky, by=rita)
    assert (first.decision, first.first_approved_by, first.claimed_by) == ("", rita, None)
    with pytest.raises(SecondReviewerError):
        validations.approve(validation=risky, by=rita)
    with pytest.raises(OwnRequestError):
        validations.approve(validation=risky, by=ines)
    done = validations.approve(validation=risky, by=roland)
    assert (done.decision, done.first_approved_by, done.decided_by) == ("approved", rita, roland)
    assert list(AuditEntry.objects.filter(act__contains="approved").order_by("pk").values_list("actor_id", flat=True)[1:]) == [
        rita.pk,
        roland.pk,
    ]


@pytest.mark.rule("VAL-2")
def test_one_rejects(risky: Validation, rita: User) -> None:
    validations.approve(validation=risky, by=rita)
    assert validations.reject(validation=risky, reasons=WRONG_HOLDER, by=rita).decision == "rejected"


def test_the_threshold_is_a_setting(risky: Validation, rita: User, settings: Any) -> None:
    settings.SECOND_REVIEW_FROM_FLAGS = 0
    assert validations.approve(validation=risky, by=rita).decision == "approved"


def test_a_reviewer_who_is_faster_than_the_sweep_gets_no_round_the_second_one(
    payout: PayoutProfile, partner: Partner, rita: User, submitted: Submit, settings: Any
) -> None:
    settings.SECOND_REVIEW_FROM_FLAGS = 1
    other = payouts.create(
        partner=partner,
        by=make.person("Eva Ek", partner, make.INCENTIVES_USER),
        **payout_fields(name="B", account_holder="Else AB"),
    )
    assert validations.approve(validation=submitted(other), by=rita).decision == ""
    assert validations.approve(validation=submitted(payout), by=rita).decision == "approved"


def test_the_database_keeps_the_two_apart(risky: Validation, rita: User, ines: User) -> None:
    with pytest.raises(IntegrityError, match="validation_second_is_another"), transaction.atomic():
        Validation.objects.update(first_approved_by=rita, decision="approved", decided_at=clock.now(), decided_by=rita)
    with pytest.raises(IntegrityError, match="validation_first_not_by_submitter"), transaction.atomic():
        Validation.objects.update(first_approved_by=ines)


@pytest.mark.rule("VAL-2")
def test_an_admin_new_in_the_role_is_a_flag_where_the_partner_was_paid_before(
    partner: Partner, payout: PayoutProfile, submitted: Submit
) -> None:
    submitted(payout)
    assert validations.check_due()["approved"] == 1, "at a partner that is only beginning everybody is new"
    clock.move(by=dt.timedelta(days=40))
    mallory = make.person("Mallory New", partner, make.INCENTIVES_ADMIN)
    profile = payouts.create(partner=partner, by=mallory, **payout_fields(name="Mine", identifiers={"iban": OTHER_IBAN}))
    validation = submitted(profile, by=mallory)
    assert validations.check_due()["waiting"] == 1
    assert validation.checks.get(outcome="flagged").code == "admin_new_in_role"
    later = payouts.create(partner=partner, by=mallory, **payout_fields(name="Later", identifiers={"iban": OTHER_IBAN}))
    RoleAssignment.objects.filter(membership__user=mallory).update(granted_at=clock.now() - dt.timedelta(days=31))
    submitted(later, by=mallory)
    assert validations.check_due()["approved"] == 1


@pytest.mark.rule("VAL-2")
def test_whom_the_membership_system_made_admin_is_not_new(partner: Partner, payout: PayoutProfile, submitted: Submit) -> None:
    submitted(payout)
    validations.check_due()
    clock.move(by=dt.timedelta(days=40))
    nora = make.person("Nora Feed", partner, make.INCENTIVES_ADMIN)
    RoleAssignment.objects.filter(membership__user=nora).update(origin="feed")
    profile = payouts.create(partner=partner, by=nora, **payout_fields(name="Mine", identifiers={"iban": OTHER_IBAN}))
    submitted(profile, by=nora)
    assert validations.check_due()["approved"] == 1


@pytest.fixture
def row(location: Location, ines: User, payout: PayoutProfile, tax: TaxProfile) -> Enrollment:
    """An enrollment that waits for its payout profile alone."""
    row = stages.accepted(location, ines)
    currency = row.program.currencies[0]
    enrolling.choose(enrollment_id=row.pk, payout_profile=payout, tax_profile=tax, currency=currency, by=ines)
    row = enrolling.submit(enrollment_id=row.pk, by=ines)
    Validation.objects.filter(tax_version=tax.latest).update(decision="approved", decided_at=clock.now())
    return row


@pytest.fixture
def waiting(row: Enrollment, payout: PayoutProfile) -> Validation:
    return Validation.objects.get(payout_version=payout.latest)


def status_of(row: Enrollment) -> str:
    row.refresh_from_db()
    return row.status


@pytest.mark.rule("VAL-5")
def test_an_approval_is_taken_back_and_nobody_hears_of_it(row: Enrollment, waiting: Validation, rita: User, roland: User) -> None:
    due_at = waiting.due_at
    validations.approve(validation=waiting, by=rita)
    assert status_of(row) == "enrolled"
    outbox.send_due()
    assert Mail.objects.filter(kind="enrolled", state="owed").exists(), "it waits for the minute to pass"
    with pytest.raises(UndoError):
        validations.undo(validation=waiting, by=roland)
    validations.undo(validation=waiting, by=rita)
    assert status_of(row) == "validating"
    assert not Mail.objects.filter(kind="enrolled").exists() and not Notice.objects.filter(kind="enrolled").exists()
    again = reread(waiting)
    assert (again.decision, again.decided_by, again.due_at) == ("", None, due_at)
    assert list(row.changes.order_by("pk").values_list("cause", flat=True))[-2:] == ["validation_approved", "validation_reopened"]
    with pytest.raises(UndoError):
        validations.undo(validation=waiting, by=rita)


@pytest.mark.rule("VAL-3")
def test_a_rejection_is_taken_back_and_can_be_made_again(row: Enrollment, waiting: Validation, rita: User) -> None:
    validations.reject(validation=waiting, reasons=WRONG_HOLDER, by=rita)
    assert status_of(row) == "action_required"
    validations.undo(validation=waiting, by=rita)
    assert status_of(row) == "validating"
    assert not waiting.reasons.exists() and not Mail.objects.filter(kind="validation_rejected").exists()
    validations.reject(validation=waiting, reasons=WRONG_HOLDER, by=rita)
    clock.move(by=dt.timedelta(seconds=61))
    outbox.send_due()
    assert Mail.objects.get(kind="validation_rejected").state == "sent"


def test_after_a_minute_it_stands(waiting: Validation, rita: User) -> None:
    validations.approve(validation=waiting, by=rita)
    assert validations.undoable_until(reread(waiting), rita) is not None
    clock.move(by=dt.timedelta(seconds=60))
    assert validations.undoable_until(reread(waiting), rita) is None
    with pytest.raises(UndoError):
        validations.undo(validation=waiting, by=rita)


@pytest.mark.rule("INV-6")
def test_what_is_being_mailed_is_not_taken_back(waiting: Validation, rita: User) -> None:
    validations.reject(validation=waiting, reasons=WRONG_HOLDER, by=rita)
    Mail.objects.filter(kind="validation_rejected").update(attempts=1)
    with pytest.raises(UndoError):
        validations.undo(validation=waiting, by=rita)
    assert reread(waiting).decision == "rejected"


@pytest.mark.rule("VAL-5")
def test_a_version_that_came_meanwhile_ends_it(waiting: Validation, payout: PayoutProfile, ines: User, rita: User) -> None:
    validations.reject(validation=waiting, reasons=WRONG_HOLDER, by=rita)
    payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(account_holder="Norrsken Data Aktiebolag"))
    with pytest.raises(SupersededError):
        validations.undo(validation=waiting, by=rita)


def test_nobody_takes_back_what_the_checks_decided(waiting: Validation, rita: User) -> None:
    validations.check_due()
    assert reread(waiting).decision == "approved"
    with pytest.raises(UndoError):
        validations.undo(validation=waiting, by=rita)
    with pytest.raises(AlreadyDecidedError):
        validations.approve(validation=waiting, by=rita)


def test_a_first_approval_is_taken_back_too(risky: Validation, rita: User, roland: User) -> None:
    validations.approve(validation=risky, by=rita)
    validations.undo(validation=risky, by=rita)
    assert validations.approve(validation=risky, by=roland).first_approved_by == roland
