"""One account that 14 enrollments at 6 locations are paid to, changed, through the pages (rules PAY-4, PAY-5, ENR-4, STA-2).

What the screen says before saving is what happens, and happens to nothing else; the version before stays in force meanwhile.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import FormerAddress, Location, Partner, User
from enrollment.derivation import differences, rederive
from enrollment.models import Enrollment, StatusChange
from enrollment.services import enrolling
from incentives_portal.core import clock
from incentives_portal.core.models import Mail
from profiles.models import PayoutProfile, Validation
from profiles.services import payouts
from tests import factories as make
from tests.enrollment import stages

from .conftest import IBAN, OTHER_IBAN, payout_fields

As = Callable[[User], Client]
PROGRAMS_AT = (3, 3, 2, 2, 2, 2)


@dataclass
class Shared:
    """The account, the 14 that are paid to it, and others that are near it and none of its business."""

    profile: PayoutProfile
    used_by: list[Enrollment]
    beside: list[Enrollment]

    def statuses(self) -> Counter[str]:
        return Counter(Enrollment.objects.filter(pk__in=[row.pk for row in self.used_by]).values_list("status", flat=True))

    def beside_them(self) -> list[str]:
        return [Enrollment.objects.get(pk=row.pk).status for row in self.beside]

    def timelines(self) -> set[tuple[str, ...]]:
        """The latest changes of status of each of the 14, as cause and status."""
        rows = StatusChange.objects.filter(enrollment__in=self.used_by).order_by("pk")
        found: dict[Any, list[str]] = {row.pk: [] for row in self.used_by}
        for row in rows:
            found[row.enrollment_id].append(f"{row.cause}: {row.after}")
        return {tuple(each) for each in found.values()}


@pytest.fixture
def iris(partner: Partner) -> User:
    """Incentives admin of the entire organization."""
    return make.person("Iris Malm", partner, make.INCENTIVES_ADMIN, language="en")


@pytest.fixture
def shared(partner: Partner, iris: User, ines: User, gunnar: User, astrid: User, rita: User) -> Shared:
    places = [make.LocationFactory.create(partner=partner, name=f"Kontor {letter}") for letter in "ABCDEF"]
    programs = [make.ProgramFactory.create(name_en=f"Program {number}") for number in "123"]
    account = payouts.create(partner=partner, by=iris, **payout_fields(name="Main account"))
    other = payouts.create(partner=partner, by=iris, **payout_fields(name="Another account", identifiers={"iban": OTHER_IBAN}))
    taxes = {place.pk: stages.tax(place, iris, f"Tax {place}") for place in places}

    def enrolled(place: Location, program: Any, profile: PayoutProfile, *, submit: bool = True) -> Enrollment:
        row = stages.accepted(place, iris, program)
        chosen = {"payout_profile": profile, "tax_profile": taxes[place.pk], "currency": "SEK"}
        row = enrolling.choose(enrollment_id=row.pk, by=iris, **chosen)
        return enrolling.submit(enrollment_id=row.pk, by=iris) if submit else row

    used_by = [
        enrolled(place, program, account)
        for place, number in zip(places, PROGRAMS_AT, strict=True)
        for program in programs[:number]
    ]
    ended = enrolled(places[2], programs[2], account)
    beside = [enrolled(places[3], programs[2], other), enrolled(places[4], programs[2], account, submit=False), ended]
    stages.decided(used_by[0], rita)
    Enrollment.objects.filter(pk=ended.pk).update(
        ended_at=clock.now(), end_reason="withdrawn", status="inactive", reason="withdrawn"
    )
    rederive([ended.pk], cause="withdrawn")
    StatusChange.objects.filter(enrollment__in=used_by).delete()
    clock.move(by=dt.timedelta(hours=1))  # within one transaction time stands still
    Mail.objects.all().delete()
    found = Shared(account, used_by, beside)
    assert (found.statuses(), found.beside_them()) == ({"enrolled": 14}, ["enrolled", "action_required", "inactive"])
    return found


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", unescape(response.content.decode())).split())


def change(shared: Shared, browser: Client) -> str:
    """Changes the account as a person does: the form, what it asks to confirm, and saving. Returns what the form said first."""
    address = reverse("payout_edit", args=[shared.profile.pk])
    said = text_of(browser.get(address))
    typed = {"name": "Main account", "payment_method": "bank_transfer", "bank_country": "SE", "iban": OTHER_IBAN, "seen": "1"}
    typed |= {"account_holder": "Norrsken Data AB"}
    asked = browser.post(address, typed)
    assert "14 enrollments at 6 locations" in text_of(asked) and "•••• 7466 → •••• 0003" in text_of(asked)
    assert shared.statuses() == {"enrolled": 14}, "nothing happens before it is confirmed"
    inputs = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', asked.content.decode()))
    saved = browser.post(address, typed | {"iban": ""} | {key: unescape(value) for key, value in inputs.items()}, follow=True)
    assert "is saved" in text_of(saved)
    clock.move(by=dt.timedelta(hours=1))
    return said


def mails(kind: str) -> Counter[str]:
    return Counter(Mail.objects.filter(kind=kind).values_list("to", flat=True))


def version_two(shared: Shared) -> Validation:
    return Validation.objects.get(payout_version__profile=shared.profile, payout_version__number=2)


@pytest.mark.rule("ENR-4")
@pytest.mark.rule("PAY-4")
def test_before_saving_it_says_which_and_exactly_those_are_validated_anew(
    shared: Shared, as_: As, iris: User, ines: User, gunnar: User, astrid: User, otto: User
) -> None:
    FormerAddress.objects.create(user=gunnar, email="gunnar@before.example", until=clock.now() - dt.timedelta(days=2))
    said = change(shared, as_(iris))
    assert "14 enrollments at 6 locations would go back to validation" in said
    assert "What is in force now stays in force until then" in said
    preview = said[said.index("A change goes back to validation") : said.index("Profile name")]
    for row in shared.used_by:
        assert f"{row.program.name} · {row.year} · {row.location}" in preview
    for row in shared.beside:
        assert f"{row.program.name} · {row.year} · {row.location}" not in preview

    assert shared.statuses() == {"validating": 14}
    assert shared.beside_them() == ["enrolled", "action_required", "inactive"]
    assert shared.timelines() == {("payout_changed: validating",)}
    assert not differences()[1]
    # Who gets which: everybody who could be robbed, at old addresses too, and nobody else.
    told = {iris.email: 1, ines.email: 1, gunnar.email: 1, "gunnar@before.example": 1, astrid.email: 1}
    assert mails("bank_changed") == told and Mail.objects.count() == len(told)
    assert all("14 enrollments at 6 locations" in mail.text for mail in Mail.objects.all())


@pytest.mark.rule("PAY-4")
@pytest.mark.rule("STA-2")
def test_meanwhile_the_version_before_stays_in_force_and_the_pages_say_so(shared: Shared, as_: As, iris: User) -> None:
    browser = as_(iris)
    change(shared, browser)
    page = text_of(browser.get(reverse("payout", args=[shared.profile.pk])))
    second, first = page[page.index("Version 2") :].split("Version 1", 1)
    assert "Being validated" in second and "decision by" in second and "•••• 0003" in second and "In force" not in second
    assert "In force: Northwind Ireland Operations Ltd pays by this version" in first and "•••• 7466" in first
    for row in (shared.used_by[0], shared.used_by[-1]):
        page = text_of(browser.get(reverse("enrollment", args=[row.pk])))
        assert "Validating enrollment" in page and "The payout profile was changed" in page and "Iris Malm" in page
        assert "Version 1 of the payout profile stays in force until a newer one is validated" in page


@pytest.mark.rule("ENR-3")
@pytest.mark.rule("STA-2")
def test_approval_brings_all_back(shared: Shared, as_: As, iris: User, ines: User, rita: User) -> None:
    change(shared, as_(iris))
    Mail.objects.all().delete()
    as_(rita).post(reverse("review_approve", args=[version_two(shared).pk]))
    assert shared.statuses() == {"enrolled": 14}
    assert shared.timelines() == {("payout_changed: validating", "validation_approved: enrolled")}
    assert not differences()[1]
    page = text_of(as_(iris).get(reverse("payout", args=[shared.profile.pk])))
    assert page.count("In force") == 1 and "In force" in page[page.index("Version 2") : page.index("Version 1")]
    page = text_of(as_(iris).get(reverse("enrollment", args=[shared.used_by[3].pk])))
    assert "Bank or tax information was validated" in page and "stays in force" not in page
    # One mail for all of them, to each incentives admin with one of them in scope; Ines has none.
    assert mails("enrolled_together") == {iris.email: 1} and not mails("enrolled")
    mail = Mail.objects.get()
    assert "14 enrollments are enrolled" in mail.text and all(
        f"{row.location.name}: {row.program.name}" in mail.text for row in shared.used_by
    )  # type: ignore[union-attr]
    assert iris.notices.filter(kind="enrolled", enrollment__in=shared.used_by).count() >= 14


@pytest.mark.rule("VAL-3")
@pytest.mark.rule("PAY-4")
def test_rejection_leaves_the_version_before_in_force_and_says_so(
    shared: Shared, as_: As, iris: User, ines: User, rita: User
) -> None:
    change(shared, as_(iris))
    Mail.objects.all().delete()
    as_(rita).post(reverse("review_reject", args=[version_two(shared).pk]), {"reason_iban": "bank_account_closed"})
    assert version_two(shared).decision == "rejected"
    assert shared.statuses() == {"action_required": 14}
    assert shared.beside_them() == ["enrolled", "action_required", "inactive"]
    assert shared.timelines() == {("payout_changed: validating", "validation_rejected: action_required")}
    assert not differences()[1]
    page = text_of(as_(iris).get(reverse("payout", args=[shared.profile.pk])))
    second, first = page[page.index("Version 2") :].split("Version 1", 1)
    assert "Has to be corrected" in second and "In force" in first
    page = text_of(as_(iris).get(reverse("enrollment", args=[shared.used_by[7].pk])))
    assert "Action required" in page and "Bank or tax information was rejected" in page
    assert "Version 1 of the payout profile stays in force until a newer one is validated" in page
    # The incentives admins who keep the profile, once each, however many enrollments wait for it.
    assert mails("validation_rejected") == {iris.email: 1, ines.email: 1} and Mail.objects.count() == 2
    assert all("Version 1, which was validated before, stays in force" in mail.text for mail in Mail.objects.all())


@pytest.mark.rule("VAL-5")
def test_an_approval_taken_back_withdraws_the_one_mail(shared: Shared, as_: As, iris: User, rita: User) -> None:
    change(shared, as_(iris))
    Mail.objects.all().delete()
    before = iris.notices.count()
    browser, validation = as_(rita), version_two(shared)
    browser.post(reverse("review_approve", args=[validation.pk]))
    browser.post(reverse("review_undo", args=[validation.pk]))
    assert shared.statuses() == {"validating": 14}
    assert not Mail.objects.exists() and iris.notices.count() == before
    clock.move(by=dt.timedelta(minutes=5))
    browser.post(reverse("review_approve", args=[validation.pk]))
    assert shared.statuses() == {"enrolled": 14} and mails("enrolled_together") == {iris.email: 1}


@pytest.mark.rule("ACC-1")
def test_who_keeps_one_of_the_six_locations_changes_nothing_for_the_others(shared: Shared, as_: As, partner: Partner) -> None:
    elsa = make.person("Elsa Ek", partner, make.INCENTIVES_ADMIN, shared.used_by[0].location)
    response = as_(elsa).get(reverse("payout_edit", args=[shared.profile.pk]))
    assert response.status_code == 403 and "Iris Malm" in text_of(response)
    revealed = as_(elsa).post(reverse("payout_reveal", args=[shared.profile.pk]))
    assert revealed.status_code == 403 and IBAN not in revealed.content.decode()
    page = text_of(as_(elsa).get(reverse("payout", args=[shared.profile.pk])))
    assert "and 12 enrollments of locations that aren't yours" in page or "of locations that aren't yours" in page
