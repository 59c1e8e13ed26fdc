"""A changed account waits, however it is saved and whatever was taken back before (rule PAY-5)."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from incentives_portal.core import clock
from profiles.errors import CoolingOffError
from profiles.models import PayoutProfile, Validation
from profiles.services import alarms, payouts, validations
from profiles.services.cooling_off import cooling_off_until

from .conftest import IBAN, OTHER_IBAN, PAYING_ENTITY, payout_fields
from .test_bank_alarms import alarmed
from .test_reviews import text_of

pytestmark = pytest.mark.rule("PAY-5")
As = Callable[[User], Client]
Submit = Callable[..., Validation]
THIRD_IBAN = "SE7280000810340009783242"


@pytest.fixture(autouse=True)
def a_day(settings: Any) -> None:
    settings.BANK_CHANGE_COOLING_OFF_HOURS = 24


@pytest.fixture
def approved(payout: PayoutProfile, rita: User, submitted: Submit) -> PayoutProfile:
    """The partner is paid to its own account."""
    validations.approve(validation=submitted(payout), by=rita)
    return payout


@pytest.fixture
def save(ines: User) -> Callable[..., PayoutProfile]:
    """`save(payout, iban=…, account_holder=…)`: the next version, in Ines's name."""

    def change(profile: PayoutProfile, iban: str = OTHER_IBAN, **changes: Any) -> PayoutProfile:
        profile.refresh_from_db()
        assert profile.latest is not None
        fields = payout_fields(identifiers={"iban": iban}, **changes)
        return payouts.change(profile=profile, seen_version=profile.latest.number, by=ines, **fields)

    return change


Save = Callable[..., PayoutProfile]


def test_saving_it_again_with_another_holder_skips_nothing(
    approved: PayoutProfile, save: Save, submitted: Submit, rita: User
) -> None:
    entered = save(approved).latest.created_at  # type: ignore[union-attr]
    clock.move(by=dt.timedelta(hours=2))
    again = save(approved, account_holder="Norrsken Data")
    with pytest.raises(CoolingOffError):
        validations.approve(validation=submitted(again), by=rita)
    assert cooling_off_until(again.latest) == entered + dt.timedelta(hours=24), "nor does it prolong the time"
    clock.move(by=dt.timedelta(hours=22, minutes=1))
    assert cooling_off_until(again.latest) is None
    assert validations.approve(validation=submitted(again), by=rita).decision == "approved"


def test_the_time_begins_anew_where_another_account_came_between(approved: PayoutProfile, save: Save) -> None:
    save(approved)
    clock.move(by=dt.timedelta(hours=20))
    save(approved, THIRD_IBAN)
    back = save(approved).latest
    assert back is not None and cooling_off_until(back) == back.created_at + dt.timedelta(hours=24)


def test_an_account_that_was_approved_before_needs_no_time(
    approved: PayoutProfile, save: Save, submitted: Submit, rita: User
) -> None:
    save(approved)
    assert cooling_off_until(save(approved, IBAN).latest) is None


def test_an_account_that_was_taken_back_is_new_again(
    approved: PayoutProfile, save: Save, submitted: Submit, gunnar: User, rita: User
) -> None:
    save(approved)
    clock.move(by=dt.timedelta(hours=25))
    stolen = submitted(save(approved, account_holder="Norrsken Data"))
    validations.approve(validation=stolen, by=rita)
    approved.refresh_from_db()
    alarms.settle(alarm=alarmed(approved, gunnar), genuine=False, note="", by=rita)

    again = save(approved).latest
    assert again is not None and cooling_off_until(again) == again.created_at + dt.timedelta(hours=24)


def test_an_account_in_place_of_a_credit_note_waits(
    approved: PayoutProfile, save: Save, ines: User, submitted: Submit, rita: User
) -> None:
    fields = payout_fields(name="Note", payment_method="credit_note", account_holder="", identifiers={})
    note = payouts.create(partner=approved.partner, by=ines, **fields)
    validations.approve(validation=submitted(note), by=rita)
    changed = save(note, name="Note")
    assert cooling_off_until(changed.latest) is not None
    waiting = submitted(changed)
    assert validations.check_due()["waiting"] == 1
    assert waiting.checks.filter(code="bank_changed_recently").exists()


def test_the_review_compares_with_what_is_paid_by(
    approved: PayoutProfile, save: Save, submitted: Submit, as_: As, rita: User
) -> None:
    save(approved)
    validation = submitted(save(approved, account_holder="Norrsken Data"))
    page = text_of(as_(rita).get(reverse("review", args=[validation.pk])))
    assert "•••• 7466" in page and "•••• 0003" in page
    assert page.count("<strong>Changed</strong>") == 2, "the account and its holder"


def test_what_a_paying_entity_validated_is_what_its_review_compares_with(
    approved: PayoutProfile, save: Save, submitted: Submit, as_: As, rita: User
) -> None:
    save(approved)
    approved.refresh_from_db()
    clock.move(by=dt.timedelta(hours=25))
    validations.approve(validation=submitted(approved, paying_entity="Another Ltd"), by=rita)
    third = save(approved, account_holder="Norrsken Data")
    for entity, changes in (("Another Ltd", 1), (PAYING_ENTITY, 2)):
        validation = submitted(third, paying_entity=entity)
        page = text_of(as_(rita).get(reverse("review", args=[validation.pk])))
        assert page.count("<strong>Changed</strong>") == changes


@pytest.mark.rule("VAL-2")
def test_a_changed_account_wears_a_flag_and_waits_for_a_person(
    payout: PayoutProfile, save: Save, submitted: Submit, rita: User
) -> None:
    """Nothing was approved yet, so nothing is replaced; all the same somebody looks at it."""
    changed = submitted(save(payout))
    assert validations.check_due()["waiting"] == 1
    assert [check.code for check in changed.checks.exclude(outcome="passed")] == ["bank_changed_recently"]
    clock.move(by=dt.timedelta(hours=25))
    assert validations.check_due()["checked"] == 0
    validations.approve(validation=changed, by=rita)
