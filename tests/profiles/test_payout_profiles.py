"""Payout profiles: versions, names, archiving (rules PAY-1…4, ENR-4)."""

import datetime as dt
import json
from typing import Any

import pytest
from django.db import connection

from accounts.models import Location, Partner, User
from incentives_portal.core.models import AuditEntry
from profiles import usage
from profiles.announcements import profiles_changed
from profiles.errors import ArchivedError, FieldsError, InUseError, NameTakenError, StaleError
from profiles.models import PayoutProfile, PayoutProfileVersion
from profiles.services import defaults, payouts, validations

from .conftest import IBAN, OTHER_IBAN, payout_fields


def heard(causes: list[str]) -> Any:
    def listen(sender: Any, cause: str, **kwargs: Any) -> None:
        causes.append(cause)

    profiles_changed.connect(listen, weak=False, dispatch_uid="heard")
    return listen


@pytest.fixture
def causes() -> Any:
    """What was announced."""
    found: list[str] = []
    heard(found)
    yield found
    profiles_changed.disconnect(dispatch_uid="heard")


@pytest.mark.rule("PAY-1")
def test_a_profile_says_where_its_partner_is_paid(payout: PayoutProfile) -> None:
    version = payout.latest
    assert version is not None
    assert (version.number, str(version.bank_country), version.account_holder) == (1, "SE", "Norrsken Data AB")
    assert version.read_identifiers() == {"iban": IBAN}


@pytest.mark.rule("PAY-3")
def test_a_number_is_stored_encrypted_and_shown_by_its_last_four(payout: PayoutProfile) -> None:
    assert payout.latest is not None
    assert payout.latest.shown["iban"] == "•••• 7466"
    assert payout.latest.bank_name
    with connection.cursor() as cursor:
        cursor.execute("SELECT identifiers, row_to_json(v)::text FROM profiles_payoutprofileversion v")
        stored, row = cursor.fetchone()
    assert IBAN.encode() not in bytes(stored)
    assert IBAN not in row


@pytest.mark.rule("PAY-3")
def test_the_service_checks_numbers_whatever_the_form_did(partner: Partner, ines: User) -> None:
    with pytest.raises(FieldsError) as refused:
        payouts.create(partner=partner, by=ines, **payout_fields(identifiers={"iban": IBAN[:-1] + "7"}))
    assert refused.value.findings["iban"].code == "iban_checksum"
    assert not PayoutProfile.objects.exists()


@pytest.mark.rule("PAY-1")
def test_a_credit_note_needs_no_account(partner: Partner, ines: User) -> None:
    profile = payouts.create(partner=partner, by=ines, **payout_fields(payment_method="credit_note", identifiers={}))
    assert profile.latest is not None
    assert profile.latest.identifiers is None


@pytest.mark.rule("PAY-4")
def test_a_change_makes_a_new_version_and_keeps_the_old_one(payout: PayoutProfile, ines: User, causes: list[str]) -> None:
    payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(identifiers={"iban": OTHER_IBAN}))
    payout.refresh_from_db()
    assert payout.latest is not None
    assert payout.latest.number == 2
    assert PayoutProfileVersion.objects.get(profile=payout, number=1).read_identifiers() == {"iban": IBAN}
    assert causes == ["payout_changed"]


@pytest.mark.rule("ENR-4")
def test_a_changed_nickname_is_no_new_version(payout: PayoutProfile, ines: User, causes: list[str]) -> None:
    payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(name="Main account", identifiers={"iban": ""}))
    payout.refresh_from_db()
    assert payout.name == "Main account"
    assert PayoutProfileVersion.objects.count() == 1
    assert causes == []


@pytest.mark.rule("PAY-3")
def test_an_empty_number_stays_as_it_is(payout: PayoutProfile, ines: User) -> None:
    fields = payout_fields(account_holder="Norrsken Data Aktiebolag", identifiers={"iban": ""})
    changed = payouts.change(profile=payout, seen_version=1, by=ines, **fields)
    assert changed.latest is not None
    assert changed.latest.number == 2
    assert changed.latest.read_identifiers() == {"iban": IBAN}


def test_an_empty_number_does_not_follow_into_another_country(payout: PayoutProfile, ines: User) -> None:
    with pytest.raises(FieldsError):
        payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(bank_country="FI", identifiers={"iban": ""}))


@pytest.mark.rule("PAY-3")
def test_a_masked_number_is_refused(payout: PayoutProfile, ines: User) -> None:
    with pytest.raises(FieldsError) as refused:
        payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(identifiers={"iban": "•••• 7466"}))
    assert refused.value.findings["iban"].code == "masked_value"


def test_who_saves_second_is_told(payout: PayoutProfile, ines: User) -> None:
    payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(account_holder="A"))
    with pytest.raises(StaleError, match="changed this profile"):
        payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(account_holder="B"))


@pytest.mark.rule("PAY-4")
def test_a_change_closes_the_open_validation_of_the_old_version(payout: PayoutProfile, ines: User, submitted: Any) -> None:
    validation = submitted(payout)
    payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(account_holder="Norrsken"))
    validation.refresh_from_db()
    assert validation.decision == "superseded"


def test_a_name_is_taken_once_among_what_is_in_use(payout: PayoutProfile, partner: Partner, ines: User) -> None:
    with pytest.raises(NameTakenError):
        payouts.create(partner=partner, by=ines, **payout_fields())
    payouts.archive(profile=payout, by=ines)
    payouts.create(partner=partner, by=ines, **payout_fields())


@pytest.mark.rule("PAY-4")
def test_an_archived_profile_stays_and_changes_no_more(payout: PayoutProfile, ines: User, causes: list[str]) -> None:
    payouts.archive(profile=payout, by=ines)
    payouts.archive(profile=payout, by=ines)
    assert payout.archived_at is not None
    assert causes == ["profile_archived"]
    with pytest.raises(ArchivedError):
        payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(account_holder="Norrsken"))


@pytest.mark.rule("PAY-4")
def test_archiving_is_refused_while_a_live_enrollment_uses_it(
    payout: PayoutProfile, ines: User, location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = usage.Usage(location.pk, "Cloud program FY27, Göteborg", "Enrolled", live=True)
    monkeypatch.setattr(usage, "_sources", [lambda profile: [row]])
    with pytest.raises(InUseError, match="Cloud program FY27, Göteborg"):
        payouts.archive(profile=payout, by=ines)
    payout.refresh_from_db()
    assert payout.archived_at is None


@pytest.mark.rule("PAY-4")
def test_archiving_is_refused_while_a_default_uses_it(payout: PayoutProfile, ines: User, location: Location) -> None:
    defaults.set_default(locations=[location], payout_profile=payout, currency="SEK", by=ines)
    with pytest.raises(InUseError, match="Norrsken Göteborg"):
        payouts.archive(profile=payout, by=ines)


@pytest.mark.rule("OPS-3")
def test_the_audit_log_holds_before_and_after_masked(payout: PayoutProfile, ines: User, submitted: Any) -> None:
    validations.approve(validation=submitted(payout), by=_reviewer())
    payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(identifiers={"iban": OTHER_IBAN}))
    entry = AuditEntry.objects.get(act="payout_profile.changed")
    assert entry.before is not None and entry.after is not None
    assert (entry.before["iban"], entry.after["iban"]) == ("•••• 7466", "•••• 0003")
    everything = json.dumps(list(AuditEntry.objects.values()), default=str)
    assert IBAN not in everything and OTHER_IBAN not in everything


def _reviewer() -> User:
    from accounts.roles import OperatorRole
    from tests import factories as make

    return make.operator("Rita Sand", OperatorRole.REVIEWER)


def test_versions_have_their_day(payout: PayoutProfile) -> None:
    assert payout.latest is not None
    payout.latest.refresh_from_db()
    assert isinstance(payout.latest.created_at, dt.datetime)
