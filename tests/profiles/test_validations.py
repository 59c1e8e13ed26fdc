"""Validations: started once, checked at once, decided once (rules VAL-1…6)."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Partner, User
from incentives_portal.core import audit, clock
from incentives_portal.core.models import AuditEntry, Mail
from profiles import checks
from profiles.errors import (
    AlreadyDecidedError,
    ClaimedError,
    DecisionError,
    NoteError,
    OwnRequestError,
    ReasonsError,
    StaleError,
    SupersededError,
)
from profiles.models import PayoutProfile, TaxProfile, Validation, ValidationCheck, ValidationReason
from profiles.services import payouts, taxes, validations
from tests import factories as make
from tests.side_by_side import at_once

from .conftest import IBAN, ORGNR, OTHER_IBAN, PAYING_ENTITY, payout_fields, tax_fields

Submit = Callable[..., Validation]
WRONG_HOLDER = [("account_holder", "holder_differs_from_legal_name", "")]


@pytest.mark.rule("VAL-1")
def test_due_48_hours_after_the_submission_by_the_databases_clock(payout: PayoutProfile, submitted: Submit) -> None:
    validation = submitted(payout)
    assert validation.due_at - validation.submitted_at == dt.timedelta(hours=48)
    assert abs(validation.submitted_at - clock.now()) < dt.timedelta(minutes=1)


@pytest.mark.rule("VAL-1")
def test_one_validation_per_version_and_paying_entity(payout: PayoutProfile, submitted: Submit) -> None:
    first = submitted(payout)
    assert submitted(payout) == first
    assert submitted(payout, paying_entity="Northwind Corporation") != first
    assert AuditEntry.objects.filter(act="validation.started").count() == 2


def test_an_old_version_is_not_submitted(payout: PayoutProfile, ines: User) -> None:
    old = payout.latest
    payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(account_holder="Norrsken"))
    with pytest.raises(StaleError):
        validations.start(payout_version=old, paying_entity=PAYING_ENTITY, by=ines)


@pytest.mark.rule("VAL-2")
def test_what_passes_every_check_is_approved(payout: PayoutProfile, tax: TaxProfile, submitted: Submit) -> None:
    submitted(payout), submitted(tax)
    assert validations.check_due() == {"checked": 2, "approved": 2, "waiting": 0, "failed": 0}
    for validation in Validation.objects.all():
        assert (validation.decision, validation.decided_by) == ("approved", None)
        assert {check.outcome for check in validation.checks.all()} == {"passed"}
    assert validations.check_due()["checked"] == 0


@pytest.mark.rule("VAL-2")
def test_automatic_approval_is_a_setting(payout: PayoutProfile, submitted: Submit, settings: Any) -> None:
    settings.AUTOMATIC_APPROVAL = False
    validation = submitted(payout)
    assert validations.check_due()["waiting"] == 1
    validation.refresh_from_db()
    assert (validation.decision, validation.checked_at is not None) == ("", True)


@pytest.mark.rule("VAL-2")
def test_a_flag_waits_for_a_reviewer(partner: Partner, ines: User, submitted: Submit) -> None:
    profile = payouts.create(partner=partner, by=ines, **payout_fields(account_holder="Somebody Else GmbH"))
    validation = submitted(profile)
    assert validations.check_due() == {"checked": 1, "approved": 0, "waiting": 1, "failed": 0}
    assert validation.checks.get(field="account_holder").outcome == "flagged"


def test_checks_wait_where_the_demonstration_wants_the_wait_to_be_seen(
    payout: PayoutProfile, submitted: Submit, settings: Any
) -> None:
    settings.AUTOMATIC_CHECK_DELAY_SECONDS = 12
    submitted(payout)
    assert validations.check_due()["checked"] == 0
    clock.move(by=dt.timedelta(seconds=13))
    assert validations.check_due()["approved"] == 1


@pytest.mark.rule("VAL-2")
def test_a_killed_check_leaves_nothing_and_is_done_once(
    payout: PayoutProfile, submitted: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: Any, **kwargs: Any) -> None:
        raise Killed

    validation = submitted(payout)
    with monkeypatch.context() as dying:
        dying.setattr("profiles.services.validations.concluding.store", die)
        with pytest.raises(Killed):
            validations.check_due()
    validation.refresh_from_db()
    assert (validation.checked_at, ValidationCheck.objects.count()) == (None, 0)
    assert validations.check_due()["approved"] == 1
    assert AuditEntry.objects.filter(act="validation.approved").count() == 1


def test_one_that_cannot_be_checked_does_not_hold_up_the_others(
    payout: PayoutProfile, tax: TaxProfile, submitted: Submit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    submitted(payout), submitted(tax)
    run = checks.run

    def stumble(subject: checks.Subject) -> Any:
        if subject.kind == "payout":
            raise ValueError(IBAN)
        return run(subject)

    monkeypatch.setattr(checks, "run", stumble)
    assert validations.check_due() == {"checked": 1, "approved": 1, "waiting": 0, "failed": 1}
    assert "ValueError" in caplog.text and IBAN not in caplog.text


@pytest.mark.rule("VAL-5")
def test_a_decision_after_a_new_version_is_refused(payout: PayoutProfile, ines: User, rita: User, submitted: Submit) -> None:
    validation = submitted(payout)
    payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(identifiers={"iban": OTHER_IBAN}))
    with pytest.raises(SupersededError):
        validations.approve(validation=validation, by=rita)
    with pytest.raises(SupersededError):
        validations.reject(validation=validation, reasons=WRONG_HOLDER, by=rita)
    assert not ValidationReason.objects.exists()


@pytest.mark.rule("VAL-2")
def test_nobody_decides_on_an_own_request(
    payout: PayoutProfile, partner: Partner, ines: User, rita: User, submitted: Submit
) -> None:
    validation = submitted(payout, by=rita)
    with pytest.raises(OwnRequestError):
        validations.approve(validation=validation, by=rita)
    with pytest.raises(OwnRequestError):
        validations.claim(validation=validation, by=rita)
    with pytest.raises(IntegrityError, match="validation_not_by_submitter"), transaction.atomic():
        Validation.objects.update(decision="approved", decided_at=clock.now(), decided_by=rita)


def test_nobody_decides_for_a_partner_they_belonged_to(
    payout: PayoutProfile, partner: Partner, rita: User, submitted: Submit
) -> None:
    make.MembershipFactory.create(user=rita, partner=partner, suspended_at=clock.now(), removed_at=clock.now())  # she left it
    with pytest.raises(OwnRequestError):
        validations.approve(validation=submitted(payout), by=rita)


def test_a_second_click_reads_that_it_is_decided(payout: PayoutProfile, rita: User, submitted: Submit) -> None:
    validation = submitted(payout)
    validations.approve(validation=validation, by=rita)
    with pytest.raises(AlreadyDecidedError):
        validations.approve(validation=validation, by=rita)


@pytest.mark.rule("VAL-2")
def test_one_claim_per_reviewer_for_15_minutes(payout: PayoutProfile, rita: User, roland: User, submitted: Submit) -> None:
    validation = validations.claim(validation=submitted(payout), by=rita)
    for verb in (validations.claim, validations.approve):
        with pytest.raises(ClaimedError):
            verb(validation=validation, by=roland)
    clock.move(by=dt.timedelta(minutes=16))
    validations.claim(validation=validation, by=roland)
    with pytest.raises(ClaimedError):
        validations.approve(validation=validation, by=rita)
    validations.release(validation=validation, by=rita)  # not hers any more
    validations.release(validation=validation, by=roland)
    validations.approve(validation=validation, by=rita)


@pytest.mark.rule("VAL-3")
def test_a_rejection_names_a_reason_and_mails_it_in_each_ones_language(
    payout: PayoutProfile, partner: Partner, ines: User, rita: User, submitted: Submit
) -> None:
    make.person("Sven Ek", partner, make.INCENTIVES_ADMIN, language="sv")
    make.person("Ulf Berg", partner, make.INCENTIVES_USER)
    validation = submitted(payout)
    validations.reject(validation=validation, reasons=WRONG_HOLDER, by=rita)
    mails = {mail.to.partition("@")[0]: mail for mail in Mail.objects.filter(kind="validation_rejected")}
    assert mails.keys() == {"ines", "sven"}
    assert mails["sven"].language == "sv"
    assert "The account holder isn't the company" in mails["ines"].text
    assert f"/profiles/payout/{payout.pk}/edit/#field-account_holder" in mails["ines"].text
    assert not any(IBAN in mail.text + mail.html + mail.subject or "7466" in mail.text for mail in mails.values())
    assert validation.reasons.get().code == "holder_differs_from_legal_name"


@pytest.mark.rule("VAL-3")
def test_a_tax_rejection_goes_to_the_locations_admins(
    tax: TaxProfile, partner: Partner, second_location: Any, rita: User, submitted: Submit
) -> None:
    make.person("Elsa Ek", partner, make.INCENTIVES_ADMIN, second_location)
    validations.reject(validation=submitted(tax), reasons=[("orgnr", "tax_number_not_registered", "")], by=rita)
    assert [mail.to.partition("@")[0] for mail in Mail.objects.filter(kind="validation_rejected")] == ["ines"]


@pytest.mark.rule("VAL-3")
@pytest.mark.parametrize(
    ("reasons", "error"),
    [
        ([], ReasonsError),
        ([("account_holder", "nonsense", "")], ReasonsError),
        ([("nonsense", "other", "x")], ReasonsError),
        ([("account_holder", "other", " ")], ReasonsError),
        ([*WRONG_HOLDER, *WRONG_HOLDER], ReasonsError),
        ([("iban", "other", f"{IBAN} is closed")], NoteError),
        ([("iban", "other", "5000 0000 0583 is closed")], NoteError),
    ],
)
def test_a_rejection_without_a_usable_reason_is_refused(
    payout: PayoutProfile, rita: User, submitted: Submit, reasons: Any, error: type[DecisionError]
) -> None:
    validation = submitted(payout)
    with pytest.raises(error):
        validations.reject(validation=validation, reasons=reasons, by=rita)
    validation.refresh_from_db()
    assert validation.decision == ""


@pytest.mark.rule("VAL-4")
def test_past_48_hours_it_is_flagged_once_and_nothing_is_decided(
    payout: PayoutProfile, rita: User, roland: User, submitted: Submit, settings: Any
) -> None:
    settings.AUTOMATIC_APPROVAL = False
    validation = submitted(payout)
    with clock.moved_to(validation.due_at):
        assert validations.flag_overdue() == 0
    with clock.moved_to(validation.due_at + dt.timedelta(seconds=1)):
        assert validations.flag_overdue() == 1
        assert validations.flag_overdue() == 0
    validation.refresh_from_db()
    assert (validation.decision, validation.overdue_since is not None) == ("", True)
    assert Mail.objects.filter(kind="validation_overdue").count() == 2


@pytest.mark.rule("VAL-6")
def test_the_same_account_or_tax_number_elsewhere_is_flagged(
    payout: PayoutProfile, tax: TaxProfile, other_partner: Partner, other_location: Any, otto: User, submitted: Submit
) -> None:
    theirs = payouts.create(partner=other_partner, by=otto, **payout_fields(account_holder=other_partner.legal_name))
    their_tax = taxes.create(location=other_location, by=otto, **tax_fields())
    found = submitted(theirs, by=otto), submitted(their_tax, by=otto)
    validations.check_due()
    for validation in found:
        validation.refresh_from_db()
        assert validation.decision == ""
        assert validation.checks.get(outcome="flagged").code == "used_elsewhere"
    assert ORGNR not in str(list(ValidationCheck.objects.values()))


@pytest.mark.rule("PAY-4")
def test_replacing_a_validated_account_waits_for_a_person(payout: PayoutProfile, ines: User, submitted: Submit) -> None:
    submitted(payout)
    validations.check_due()
    changed = payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(identifiers={"iban": OTHER_IBAN}))
    submitted(changed)
    assert validations.check_due()["waiting"] == 1


def test_who_decided_stands_in_the_audit_log(payout: PayoutProfile, rita: User, submitted: Submit) -> None:
    validations.approve(validation=submitted(payout), by=rita)
    entry = AuditEntry.objects.get(act="validation.approved")
    assert (entry.actor_id, entry.partner_id) == (rita.pk, payout.partner_id)
    assert audit.SYSTEM.name == "portal"


@pytest.mark.rule("VAL-5")
def test_of_two_reviewers_one_wins(
    transactional_db: None, payout: PayoutProfile, rita: User, roland: User, submitted: Submit
) -> None:
    validation = submitted(payout)

    def decide(verb: Callable[..., Any], **arguments: Any) -> str:
        try:
            verb(validation=Validation.objects.get(pk=validation.pk), **arguments)
        except AlreadyDecidedError:
            return "told"
        return "won"

    outcomes = at_once(
        lambda: decide(validations.approve, by=rita),
        lambda: decide(validations.reject, by=roland, reasons=WRONG_HOLDER),
    )
    assert sorted(outcomes) == ["told", "won"]
    validation.refresh_from_db()
    assert (validation.decision == "rejected") == validation.reasons.exists()
