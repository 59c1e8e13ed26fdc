"""A second report, and what was built on a stolen account (rule PAY-5)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, User
from enrollment.derivation import differences
from enrollment.models import Enrollment
from incentives_portal.core.models import AuditEntry
from profiles.alarm_links import token_for
from profiles.errors import AlarmMovedError, SupersededError
from profiles.models import BankAlarm, PayoutProfile, Validation
from profiles.services import alarms, payouts, validations
from profiles.standing import in_force
from tests import factories as make
from tests.enrollment import journeys

from .conftest import OTHER_IBAN, PAYING_ENTITY, payout_fields
from .test_reviews import text_of

pytestmark = pytest.mark.rule("PAY-5")
As = Callable[[User], Client]
IBANS = {2: OTHER_IBAN, 3: "SE7280000810340009783242"}


@pytest.fixture
def thrice(payout: PayoutProfile, ines: User, gunnar: User, rita: User, submitted: Callable[..., Validation]) -> PayoutProfile:
    """Versions 1, 2 and 3, each with another account, each approved."""
    validations.approve(validation=submitted(payout), by=rita)
    for number, iban in IBANS.items():
        payouts.change(profile=payout, seen_version=number - 1, by=ines, **payout_fields(identifiers={"iban": iban}))
        payout.refresh_from_db()
        validations.approve(validation=submitted(payout), by=rita)
    return payout


def report(profile: PayoutProfile, number: int, user: User) -> BankAlarm:
    return alarms.raise_alarm(token=token_for(profile.versions.get(number=number), user))


def settle(alarm: BankAlarm, by: User, *, genuine: bool = False) -> PayoutProfile:
    alarms.settle(alarm=alarm, genuine=genuine, note="", by=by)
    return PayoutProfile.objects.select_related("latest").get(pk=alarm.profile_id)


def number_of(profile: PayoutProfile) -> int:
    assert profile.latest is not None
    return profile.latest.number


def test_what_was_built_on_a_stolen_account_is_taken_back_with_it(thrice: PayoutProfile, gunnar: User, rita: User) -> None:
    profile = settle(report(thrice, 2, gunnar), rita)
    assert number_of(profile) == 1 and in_force(profile) == {PAYING_ENTITY: 1}
    decisions = Validation.objects.order_by("payout_version__number").values_list("decision", flat=True)
    assert list(decisions) == ["approved", "taken_back", "taken_back"]


def test_a_report_on_what_is_taken_back_already_leads_to_that_report(
    thrice: PayoutProfile, gunnar: User, rita: User, client: Client
) -> None:
    first = report(thrice, 2, gunnar)
    settle(first, rita)
    url = reverse("bank_alarm", args=[token_for(thrice.versions.get(number=3), gunnar)])
    for page in (client.get(url), client.post(url)):
        assert "This was looked into" in text_of(page)
    thrice.refresh_from_db()
    assert BankAlarm.objects.get() == first and thrice.frozen_at is None


@pytest.mark.parametrize("order", [(3, 2), (2, 3)])
def test_two_reports_lead_back_to_the_version_before_both(
    order: tuple[int, int], thrice: PayoutProfile, gunnar: User, rita: User
) -> None:
    for number in order:
        alarm = report(thrice, number, gunnar)
        if not alarm.outcome:
            settle(alarm, rita)
    profile = PayoutProfile.objects.select_related("latest").get()
    assert number_of(profile) == 1 and in_force(profile) == {PAYING_ENTITY: 1}


def test_a_version_that_was_taken_back_never_counts_again(
    thrice: PayoutProfile, ines: User, gunnar: User, rita: User, submitted: Callable[..., Validation]
) -> None:
    """Version 4 is the partner's own; taking it back must not bring version 3 or 2, which were stolen."""
    profile = settle(report(thrice, 2, gunnar), rita)
    fourth = payouts.change(profile=profile, seen_version=1, by=ines, **payout_fields(account_holder="Norrsken Data"))
    validations.approve(validation=submitted(fourth), by=rita)
    assert in_force(fourth) == {PAYING_ENTITY: 4}
    profile = settle(report(fourth, 4, gunnar), rita)
    assert number_of(profile) == 1 and in_force(profile) == {PAYING_ENTITY: 1}
    for stolen in Validation.objects.filter(payout_version__number__in=[2, 3]):
        with pytest.raises(SupersededError):
            validations.approve(validation=stolen, by=rita)
        assert validations.undoable_until(stolen, rita) is None


def test_a_genuine_change_after_a_report_counts_again(thrice: PayoutProfile, gunnar: User, rita: User) -> None:
    assert number_of(settle(report(thrice, 2, gunnar), rita, genuine=True)) == 3
    assert number_of(settle(report(thrice, 3, gunnar), rita)) == 2


def test_the_page_says_which_version_pays_and_which_are_taken_back(
    thrice: PayoutProfile, gunnar: User, rita: User, ines: User, as_: As
) -> None:
    settle(report(thrice, 2, gunnar), rita)
    page = text_of(as_(ines).get(reverse("payout", args=[thrice.pk])))
    assert page.count("pays by this version") == 1 and page.count("Taken back") == 2
    assert page.index("pays by this version") > page.index("Version 1")


def test_the_enrollment_is_paid_by_the_version_before_both(location: Location, ines: User, gunnar: User, rita: User) -> None:
    row = journeys.submitted(make.ProgramFactory.create(), location, ines)
    validations.check_due()
    payout = PayoutProfile.objects.get()
    for number, iban in IBANS.items():
        payouts.change(profile=payout, seen_version=number - 1, by=ines, **payout_fields(identifiers={"iban": iban}))
        validations.approve(validation=Validation.objects.get(payout_version__number=number), by=rita)
    for number in (3, 2):
        settle(report(payout, number, gunnar), rita)
        assert Enrollment.objects.get(pk=row.pk).status == "enrolled"
    payout.refresh_from_db()
    assert in_force(payout) == {row.program.paying_entity: 1}
    assert not differences()[1]


def test_a_report_twice_at_once_is_one(thrice: PayoutProfile, gunnar: User, ines: User) -> None:
    reports: list[Any] = [report(thrice, number, user) for number, user in ((3, gunnar), (3, ines), (2, gunnar))]
    assert len({alarm.pk for alarm in reports}) == 1


def test_a_report_of_an_earlier_change_while_a_later_one_is_open_counts(
    thrice: PayoutProfile, gunnar: User, rita: User, client: Client
) -> None:
    third = report(thrice, 3, gunnar)
    url = reverse("bank_alarm", args=[token_for(thrice.versions.get(number=2), gunnar)])
    assert "freeze the profile" in text_of(client.get(url))
    assert "The payout profile is frozen" in text_of(client.post(url))
    moved = BankAlarm.objects.get()
    assert (moved.pk, moved.version.number) == (third.pk, 2)
    entry = AuditEntry.objects.get(act="payout_profile.alarm_moved")
    assert (entry.before, entry.after) == ({"version": 3}, {"version": 2})
    assert report(thrice, 3, gunnar) == moved, "which is taken back with it"
    with pytest.raises(AlarmMovedError):
        alarms.settle(alarm=moved, genuine=True, note="", by=rita, seen=str(thrice.versions.get(number=3).pk))
    profile = settle(moved, rita)
    assert number_of(profile) == 1 and in_force(profile) == {PAYING_ENTITY: 1} and profile.frozen_at is None
