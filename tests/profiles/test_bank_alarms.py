"""A change of bank details is told to all admins, and *this wasn't me* freezes it (rule PAY-5)."""

import datetime as dt
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import FormerAddress, User
from incentives_portal.core import clock
from incentives_portal.core.models import AuditEntry, Mail
from profiles.alarm_links import token_for
from profiles.errors import AlarmLinkError, AlarmSettledError, CoolingOffError, FrozenError, NoteError, OwnRequestError
from profiles.models import BankAlarm, PayoutProfile, Validation
from profiles.services import alarms, payouts, validations
from tests import factories as make

from .conftest import IBAN, OTHER_IBAN, payout_fields

pytestmark = pytest.mark.rule("PAY-5")
As = Callable[[User], Client]
NEW = {"identifiers": {"iban": OTHER_IBAN}}


@pytest.fixture
def changed(payout: PayoutProfile, ines: User, gunnar: User, astrid: User, otto: User) -> PayoutProfile:
    """The account was changed in Ines's name, and everybody who could be concerned exists."""
    payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(**NEW))
    payout.refresh_from_db()
    return payout


def link_in(mail: Mail) -> str:
    assert mail.is_secret
    found = re.search(r"https?://[^/]+(/bank-alarm/\S+)", mail.text)
    assert found
    return found[1]


def alarmed(profile: PayoutProfile, user: User) -> BankAlarm:
    assert profile.latest is not None
    return alarms.raise_alarm(token=token_for(profile.latest, user))


def test_all_admins_are_told_before_and_after_masked(changed: PayoutProfile, ines: User, gunnar: User, astrid: User) -> None:
    mails = {mail.to: mail for mail in Mail.objects.filter(kind="bank_changed")}
    assert set(mails) == {ines.email, gunnar.email, astrid.email}
    for mail in mails.values():
        assert "•••• 7466 → •••• 0003" in unescape(mail.text) and "Ines Duarte" in mail.text
        assert IBAN not in mail.text + mail.html and OTHER_IBAN not in mail.text + mail.html


def test_what_is_frozen_is_not_said_to_be_in_force(
    changed: PayoutProfile, submitted: Callable[..., Validation], rita: User, ines: User, as_: As
) -> None:
    clock.move(by=dt.timedelta(days=40))
    validations.approve(validation=submitted(changed), by=rita)
    page = reverse("payout", args=[changed.pk])
    assert "In force: " in as_(ines).get(page).content.decode()
    PayoutProfile.objects.filter(pk=changed.pk).update(frozen_at=clock.now())
    frozen = as_(ines).get(page).content.decode()
    assert "In force: " not in frozen and "until the report" in frozen


def test_a_new_name_is_no_change_of_bank_details(payout: PayoutProfile, ines: User) -> None:
    payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(name="Another name"))
    assert not Mail.objects.filter(kind="bank_changed").exists()


def test_the_address_before_is_told_too_whatever_changed_it(payout: PayoutProfile, ines: User, gunnar: User) -> None:
    before = gunnar.email
    User.objects.filter(pk=gunnar.pk).update(email="somebody@else.example")
    User.objects.filter(pk=ines.pk).update(name="Ines D.")
    long_ago = FormerAddress.objects.create(user=ines, email="old@norrsken.example", until=clock.now() - dt.timedelta(days=91))

    payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(**NEW))

    assert set(Mail.objects.filter(kind="bank_changed").values_list("to", flat=True)) == {
        ines.email,
        "somebody@else.example",
        before,
    }
    assert FormerAddress.objects.exclude(pk=long_ago.pk).get().email == before


def test_the_link_works_signed_out_asks_once_and_freezes(changed: PayoutProfile, gunnar: User, client: Client) -> None:
    url = link_in(Mail.objects.get(kind="bank_changed", to=gunnar.email))
    assert "freeze the profile" in unescape(client.get(url).content.decode())
    assert not BankAlarm.objects.exists(), "reading changes nothing"

    for _click in range(2):
        assert "The payout profile is frozen" in unescape(client.post(url).content.decode())

    alarm = BankAlarm.objects.get()
    assert alarm.raised_by == gunnar and PayoutProfile.objects.get(pk=changed.pk).frozen_at
    assert AuditEntry.objects.filter(act="payout_profile.frozen").count() == 1
    assert client.get(reverse("payout", args=[changed.pk])).status_code == 302, "nobody is signed in by it"


def test_all_admins_and_the_reviewers_hear_of_the_freeze(
    changed: PayoutProfile, ines: User, gunnar: User, astrid: User, rita: User
) -> None:
    alarmed(changed, gunnar)
    told = Mail.objects.filter(kind="bank_frozen").values_list("to", flat=True)
    assert sorted(told) == sorted([ines.email, gunnar.email, astrid.email, rita.email])


def test_frozen_means_nothing_moves(
    changed: PayoutProfile, ines: User, gunnar: User, rita: User, submitted: Callable[..., Validation]
) -> None:
    validation = submitted(changed)
    alarmed(changed, gunnar)

    assert validations.check_due()["checked"] == 0
    for act in (
        lambda: payouts.change(profile=changed, seen_version=2, by=ines, **payout_fields()),
        lambda: payouts.archive(profile=changed, by=ines),
        lambda: validations.approve(validation=validation, by=rita),
        lambda: validations.reject(validation=validation, reasons=[("iban", "other", "no")], by=rita),
    ):
        with pytest.raises(FrozenError):
            act()


def test_genuine_goes_on(changed: PayoutProfile, gunnar: User, rita: User, submitted: Callable[..., Validation]) -> None:
    validation = submitted(changed)
    alarm = alarmed(changed, gunnar)

    alarms.settle(alarm=alarm, genuine=True, note="Spoke with Gunnar.", by=rita)

    validations.approve(validation=validation, by=rita)
    changed.refresh_from_db()
    assert changed.frozen_at is None and changed.latest is not None and changed.latest.number == 2
    assert "Spoke with Gunnar." in Mail.objects.filter(kind="bank_settled", to=gunnar.email).get().text


def test_taken_back_brings_the_validated_version_back(
    payout: PayoutProfile, ines: User, gunnar: User, rita: User, submitted: Callable[..., Validation]
) -> None:
    validations.approve(validation=submitted(payout), by=rita)
    for seen, iban in ((1, OTHER_IBAN), (2, "SE7280000810340009783242")):
        payouts.change(profile=payout, seen_version=seen, by=ines, **payout_fields(identifiers={"iban": iban}))
    payout.refresh_from_db()
    stolen = submitted(payout)

    alarms.settle(alarm=alarmed(payout, gunnar), genuine=False, note="", by=rita)

    payout.refresh_from_db()
    stolen.refresh_from_db()
    assert payout.latest is not None and payout.latest.number == 1
    assert stolen.decision == Validation.Decision.TAKEN_BACK
    payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(**NEW))
    payout.refresh_from_db()
    assert payout.latest.number == 4, "numbers are never used twice"


def test_taken_back_opens_the_superseded_validation_anew(
    payout: PayoutProfile, ines: User, gunnar: User, rita: User, submitted: Callable[..., Validation]
) -> None:
    first = submitted(payout)
    payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(**NEW))
    payout.refresh_from_db()
    alarms.settle(alarm=alarmed(payout, gunnar), genuine=False, note="", by=rita)
    first.refresh_from_db()
    assert first.decision == Validation.Decision.OPEN and first.due_at - first.submitted_at == dt.timedelta(hours=48)
    validations.approve(validation=first, by=rita)


def test_a_settled_alarm_stays_settled(changed: PayoutProfile, gunnar: User, rita: User, roland: User) -> None:
    alarm = alarmed(changed, gunnar)
    alarms.settle(alarm=alarm, genuine=True, note="", by=rita)
    assert alarmed(changed, gunnar).outcome == "genuine"
    changed.refresh_from_db()
    assert changed.frozen_at is None
    with pytest.raises(AlarmSettledError):
        alarms.settle(alarm=alarm, genuine=False, note="", by=roland)


def test_who_settles_was_no_member_and_writes_no_number(changed: PayoutProfile, gunnar: User, rita: User) -> None:
    alarm = alarmed(changed, gunnar)
    with pytest.raises(NoteError):
        alarms.settle(alarm=alarm, genuine=True, note=f"It is {OTHER_IBAN[2:]}", by=rita)
    make.MembershipFactory.create(user=rita, partner=changed.partner, suspended_at=clock.now(), removed_at=clock.now())  # left it
    with pytest.raises(OwnRequestError):
        alarms.settle(alarm=alarm, genuine=True, note="", by=rita)


def test_a_link_is_refused_in_words(changed: PayoutProfile, gunnar: User, client: Client) -> None:
    token = token_for(changed.latest, gunnar)
    for bad in (token[:-2], "x", token_for.__name__, f"{token}x"):
        response = client.post(reverse("bank_alarm", args=[bad]))
        assert response.status_code == 410 and "not valid any more" in unescape(response.content.decode())
    clock.move(by=dt.timedelta(days=31))
    with pytest.raises(AlarmLinkError):
        alarms.raise_alarm(token=token)


def test_a_changed_account_cools_off(
    changed: PayoutProfile, rita: User, submitted: Callable[..., Validation], settings: Any
) -> None:
    settings.BANK_CHANGE_COOLING_OFF_HOURS = 24
    validation = submitted(changed)
    with pytest.raises(CoolingOffError):
        validations.approve(validation=validation, by=rita)
    validations.check_due()
    validation.refresh_from_db()
    assert validation.decision == ""
    clock.move(by=dt.timedelta(hours=24, minutes=1))
    validations.approve(validation=validation, by=rita)


def test_a_first_account_needs_no_cooling_off(
    payout: PayoutProfile, rita: User, submitted: Callable[..., Validation], settings: Any
) -> None:
    settings.BANK_CHANGE_COOLING_OFF_HOURS = 24
    validations.approve(validation=submitted(payout), by=rita)


def test_the_form_shows_before_and_after_and_saves_what_was_seen(as_: As, ines: User, payout: PayoutProfile) -> None:
    url, typed = reverse("payout_edit", args=[payout.pk]), {**payout_fields(), "iban": OTHER_IBAN, "seen": "1"}
    typed.pop("identifiers")
    page = unescape(as_(ines).post(url, typed).content.decode())
    assert "•••• 7466" in page and "•••• 0003" in page and OTHER_IBAN not in page
    assert payout.versions.count() == 1
    hidden = dict(re.findall(r'name="(confirmed|carried_iban)" value="([^"]+)"', page))

    other = as_(ines).post(url, typed | {"iban": "SE7280000810340009783242", "confirmed": hidden["confirmed"]})
    assert other.status_code == 200 and payout.versions.count() == 1, "another number than the one that was confirmed"

    assert as_(ines).post(url, typed | {"iban": ""} | hidden).status_code == 302
    payout.refresh_from_db()
    assert payout.latest is not None and payout.latest.read_identifiers() == {"iban": OTHER_IBAN}


def test_a_reviewer_settles_on_the_page(as_: As, changed: PayoutProfile, gunnar: User, rita: User, ines: User) -> None:
    alarm = alarmed(changed, gunnar)
    url = reverse("alarm", args=[alarm.pk])
    assert url in as_(rita).get(reverse("reviews")).content.decode()
    assert as_(rita).post(url, {}).status_code == 422
    assert as_(ines).get(url).status_code == 403
    assert "Frozen" in as_(ines).get(reverse("payout", args=[changed.pk])).content.decode()
    assert as_(ines).get(reverse("payout_edit", args=[changed.pk])).status_code == 302
    assert as_(rita).post(url, {"outcome": "taken_back", "note": "Spoke with Gunnar."}).status_code == 302
    assert BankAlarm.objects.get().outcome == "taken_back"
