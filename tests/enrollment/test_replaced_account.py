"""Another payout profile at a submitted enrollment is a changed account (rule PAY-5)."""

import datetime as dt
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, User
from enrollment.derivation import differences
from enrollment.errors import RefusedError
from enrollment.models import Enrollment
from enrollment.services import enrolling
from incentives_portal.core import clock
from incentives_portal.core.models import Mail
from profiles.alarm_links import token_for
from profiles.errors import CoolingOffError
from profiles.models import PayoutProfile, Validation
from profiles.services import alarms, payouts, validations
from profiles.standing import in_force
from tests import factories as make
from tests.signing_in import grow_old

from . import journeys

pytestmark = pytest.mark.rule("PAY-5")
As = Callable[[User], Client]
FOREIGN = "SE3550000000054910000003"


@pytest.fixture
def row(location: Location, ines: User, rita: User, gunnar: User, astrid: User, settings: Any) -> Enrollment:
    """Paid to the partner's own account."""
    settings.BANK_CHANGE_COOLING_OFF_HOURS = 24
    return journeys.enrolled(make.ProgramFactory.create(), location, ines, rita)


@pytest.fixture
def foreign(row: Enrollment, location: Location, ines: User) -> PayoutProfile:
    return journeys.bank(location, ines, name="Foreign", identifiers={"iban": FOREIGN})


def choose(row: Enrollment, profile: PayoutProfile, by: User) -> Enrollment:
    return enrolling.choose(enrollment_id=row.pk, payout_profile=profile, tax_profile=row.tax_profile, currency=row.currency, by=by)


def status(row: Enrollment) -> str:
    return Enrollment.objects.get(pk=row.pk).status


def told() -> list[Mail]:
    return list(Mail.objects.filter(kind="bank_changed"))


def test_it_waits_for_a_person_and_for_its_time(row: Enrollment, foreign: PayoutProfile, ines: User, rita: User) -> None:
    choose(row, foreign, ines)
    validation = Validation.objects.get(payout_version__profile=foreign)
    assert validations.check_due()["waiting"] == 1 and status(row) == "validating"
    assert [check.code for check in validation.checks.exclude(outcome="passed")] == ["bank_changed_recently"]
    with pytest.raises(CoolingOffError):
        validations.approve(validation=validation, by=rita)
    clock.move(by=dt.timedelta(hours=25))
    validations.approve(validation=validation, by=rita)
    assert status(row) == "enrolled"


def test_without_a_pause_it_waits_for_a_person_all_the_same(
    row: Enrollment, foreign: PayoutProfile, ines: User, settings: Any
) -> None:
    settings.BANK_CHANGE_COOLING_OFF_HOURS = 0
    choose(row, foreign, ines)
    assert validations.check_due()["waiting"] == 1


def test_all_admins_are_told_and_the_link_freezes_it(
    row: Enrollment, foreign: PayoutProfile, ines: User, gunnar: User, astrid: User, rita: User, client: Client
) -> None:
    choose(row, foreign, ines)
    assert {mail.to for mail in told()} == {ines.email, gunnar.email, astrid.email}
    for mail in told():
        assert "•••• 7466 → •••• 0003" in unescape(mail.text) and "Foreign" in mail.text and row.program.name in unescape(mail.text)
        assert FOREIGN not in mail.text + mail.html
    found = re.search(r"https?://[^/]+(/bank-alarm/\S+)", told()[0].text)
    assert found and client.post(found[1]).status_code == 200
    foreign.refresh_from_db()
    assert foreign.frozen_at and status(row) == "validating"
    with pytest.raises(RefusedError):
        choose(row, row.payout_profile, ines)  # type: ignore[arg-type]


def test_taken_back_it_is_out_of_use_and_another_is_chosen(
    row: Enrollment, foreign: PayoutProfile, ines: User, gunnar: User, rita: User, as_: As
) -> None:
    choose(row, foreign, ines)
    alarm = alarms.raise_alarm(token=token_for(foreign.latest, gunnar))  # type: ignore[arg-type]
    page = as_(rita).get(reverse("alarm", args=[alarm.pk]))
    assert page.status_code == 200 and "None" not in page.content.decode()
    alarms.settle(alarm=alarm, genuine=False, note="", by=rita)
    foreign.refresh_from_db()
    assert foreign.archived_at and not foreign.frozen_at and status(row) == "action_required"
    assert as_(ines).get(reverse("payout", args=[foreign.pk])).status_code == 200
    settled = Mail.objects.filter(kind="bank_settled")
    assert settled and all("The profile is archived" in mail.text + mail.html for mail in settled)
    with pytest.raises(RefusedError):
        choose(row, foreign, ines)
    choose(row, row.payout_profile, ines)  # type: ignore[arg-type]
    assert status(row) == "enrolled"
    assert not differences()[1]


def test_nor_does_the_stolen_account_come_back_by_another_profile(
    row: Enrollment, foreign: PayoutProfile, location: Location, ines: User, gunnar: User, rita: User
) -> None:
    choose(row, foreign, ines)
    alarm = alarms.raise_alarm(token=token_for(foreign.latest, gunnar))  # type: ignore[arg-type]
    alarms.settle(alarm=alarm, genuine=False, note="", by=rita)
    before = len(told())
    choose(row, journeys.bank(location, ines, identifiers={"iban": FOREIGN}), ines)
    validations.check_due()
    assert status(row) == "validating" and len(told()) == 2 * before


def test_an_earlier_version_of_the_thiefs_own_profile_does_not_count(
    row: Enrollment, foreign: PayoutProfile, ines: User, gunnar: User, rita: User
) -> None:
    fields = {"payment_method": "bank_transfer", "bank_country": "SE", "account_holder": "Norrsken Data AB"}
    third = {"iban": "SE7280000810340009783242"}
    payouts.change(profile=foreign, seen_version=1, name="Foreign", identifiers=third, by=ines, **fields)
    foreign.refresh_from_db()
    choose(row, foreign, ines)
    alarm = alarms.raise_alarm(token=token_for(foreign.latest, gunnar))  # type: ignore[arg-type]
    alarms.settle(alarm=alarm, genuine=False, note="", by=rita)
    foreign.refresh_from_db()
    assert foreign.archived_at and status(row) == "action_required"
    assert not foreign.versions.filter(taken_back_by=None).exists()


def test_genuine_it_is_validated_as_usual(row: Enrollment, foreign: PayoutProfile, ines: User, gunnar: User, rita: User) -> None:
    choose(row, foreign, ines)
    alarm = alarms.raise_alarm(token=token_for(foreign.latest, gunnar))  # type: ignore[arg-type]
    alarms.settle(alarm=alarm, genuine=True, note="", by=rita)
    assert status(row) == "validating"


def test_a_frozen_profile_is_not_got_round(
    row: Enrollment, foreign: PayoutProfile, location: Location, ines: User, gunnar: User
) -> None:
    own = row.payout_profile
    assert own is not None
    fields = {"payment_method": "bank_transfer", "bank_country": "SE", "account_holder": "Norrsken Data AB"}
    payouts.change(profile=own, seen_version=1, name=own.name, identifiers={"iban": FOREIGN}, by=ines, **fields)
    own.refresh_from_db()
    alarms.raise_alarm(token=token_for(own.latest, gunnar))  # type: ignore[arg-type]
    with pytest.raises(RefusedError) as refused:
        choose(row, foreign, ines)
    assert refused.value.code == "payout_frozen"


def test_the_account_of_a_change_under_way_is_not_let_in_by_another_profile(
    row: Enrollment, foreign: PayoutProfile, ines: User
) -> None:
    own = row.payout_profile
    assert own is not None
    fields = {"payment_method": "bank_transfer", "bank_country": "SE", "account_holder": "Norrsken Data AB"}
    payouts.change(profile=own, seen_version=1, name=own.name, identifiers={"iban": FOREIGN}, by=ines, **fields)
    choose(row, foreign, ines)
    validations.check_due()
    assert status(row) == "validating"


def test_an_account_known_here_keeps_its_approval_and_is_told(row: Enrollment, location: Location, ines: User, rita: User) -> None:
    known = journeys.bank(location, ines, identifiers={"iban": FOREIGN})
    validations.approve(
        validation=validations.start(payout_version=known.latest, paying_entity=row.program.paying_entity, by=ines), by=rita
    )
    choose(row, known, ines)
    assert status(row) == "enrolled" and told()


def test_what_the_checks_alone_approved_is_looked_at_by_a_person(
    row: Enrollment, foreign: PayoutProfile, ines: User, rita: User, location: Location, second_location: Location
) -> None:
    """A thief first uses the account at an enrollment that nobody has submitted: the checks approve that."""
    other = journeys.accepted(row.program, second_location, ines)
    tax = journeys.tax(second_location, ines)
    enrolling.choose(enrollment_id=other.pk, payout_profile=foreign, tax_profile=tax, currency=row.currency, by=ines)
    enrolling.submit(enrollment_id=other.pk, by=ines)
    assert validations.check_due()["waiting"] == 0 and status(other) == "enrolled"
    clock.move(by=dt.timedelta(days=3))
    choose(row, foreign, ines)
    assert (status(row), status(other)) == ("validating", "validating")
    assert validations.check_due()["waiting"] == 1
    validation = Validation.objects.get(payout_version=foreign.latest)
    with pytest.raises(CoolingOffError):
        validations.approve(validation=validation, by=rita)
    clock.move(by=dt.timedelta(hours=25))
    validations.approve(validation=validation, by=rita)
    assert (status(row), status(other)) == ("enrolled", "enrolled")
    assert not differences()[1]


@pytest.mark.parametrize(("iban", "holder"), [("SE4550000000058398257466", "Norrsken Data AB"), (FOREIGN, "Norrsken Data")])
def test_a_profile_of_which_an_earlier_version_is_in_force_takes_no_place(
    row: Enrollment, foreign: PayoutProfile, ines: User, rita: User, second_location: Location, iban: str, holder: str
) -> None:
    """A thief lets the checks approve an account where nobody had submitted, then changes it, even into the partner's own: nobody
    would look at the version that the money goes to."""
    other = journeys.accepted(row.program, second_location, ines)
    tax = journeys.tax(second_location, ines)
    enrolling.choose(enrollment_id=other.pk, payout_profile=foreign, tax_profile=tax, currency=row.currency, by=ines)
    enrolling.submit(enrollment_id=other.pk, by=ines)
    assert validations.check_due()["waiting"] == 0 and status(other) == "enrolled"
    fields = {"payment_method": "bank_transfer", "bank_country": "SE", "account_holder": holder}
    payouts.change(profile=foreign, seen_version=1, name="Foreign", identifiers={"iban": iban}, by=ines, **fields)
    foreign.refresh_from_db()
    entity = row.program.paying_entity
    assert in_force(foreign)[entity] == 1
    with pytest.raises(RefusedError, match="being validated"):
        choose(row, foreign, ines)
    assert Enrollment.objects.get(pk=row.pk).payout_profile_id == row.payout_profile_id and status(row) == "enrolled"
    clock.move(by=dt.timedelta(hours=25))
    validations.approve(validation=Validation.objects.get(payout_version=foreign.latest), by=rita)
    choose(row, foreign, ines)
    assert status(row) == "enrolled" and in_force(foreign)[entity] == 2


def test_an_account_that_is_paid_for_months_is_known(
    row: Enrollment, foreign: PayoutProfile, ines: User, second_location: Location
) -> None:
    validations.start(payout_version=foreign.latest, paying_entity=row.program.paying_entity, by=ines)
    assert validations.check_due()["waiting"] == 0
    clock.move(by=dt.timedelta(days=60))
    choose(row, foreign, ines)
    assert status(row) == "enrolled" and told()


def test_an_old_profile_has_a_link_that_holds(row: Enrollment, foreign: PayoutProfile, ines: User, gunnar: User) -> None:
    clock.move(by=dt.timedelta(days=40))
    choose(row, foreign, ines)
    assert alarms.raise_alarm(token=token_for(foreign.latest, gunnar)).profile == foreign  # type: ignore[arg-type]


def test_the_same_account_and_what_is_not_submitted_alarm_nobody(row: Enrollment, location: Location, ines: User) -> None:
    choose(row, journeys.bank(location, ines), ines)
    assert not told()


@pytest.mark.rule("ACC-9")
def test_moving_what_is_submitted_asks_for_a_second_factor(row: Enrollment, foreign: PayoutProfile, ines: User, as_: As) -> None:
    client = as_(ines)
    grow_old(client)
    choice = {"tax_profile": str(row.tax_profile_id), "currency": row.currency}
    asked = client.post(reverse("enroll", args=[row.pk]), choice | {"payout_profile": str(foreign.pk)})
    assert "Confirm that it is you" in asked.content.decode() or (asked.status_code == 302 and "enroll" not in asked.url)
    assert Enrollment.objects.get(pk=row.pk).payout_profile_id == row.payout_profile_id
    kept = client.post(reverse("enroll", args=[row.pk]), choice | {"payout_profile": str(row.payout_profile_id)})
    assert kept.status_code == 302 and kept.url == reverse("enrollment", args=[row.pk])
