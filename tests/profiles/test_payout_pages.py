"""The pages of payout profiles: forms that follow the country, numbers that aren't shown again, the way back."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, Partner, User
from enrollment.models import Enrollment
from enrollment.services import enrolling
from incentives_portal.core.models import AuditEntry
from profiles import usage
from profiles.models import PayoutProfile
from profiles.services import defaults, payouts, validations
from tests import factories as make
from tests.enrollment import journeys

from .conftest import IBAN, OTHER_IBAN, payout_fields

As = Callable[[User], Client]
TYPED = {
    "name": "SEB account",
    "payment_method": "bank_transfer",
    "bank_country": "SE",
    "account_holder": "Norrsken Data AB",
    "iban": IBAN,
}


def text_of(response: Any) -> str:
    return unescape(response.content.decode())


def edit_url(profile: PayoutProfile) -> str:
    return reverse("payout_edit", args=[profile.pk])


@pytest.mark.rule("PAY-1")
def test_ines_adds_a_payout_profile(as_: As, ines: User) -> None:
    response = as_(ines).post(reverse("payout_new"), TYPED, follow=True)
    profile = PayoutProfile.objects.get()
    assert response.redirect_chain == [(reverse("payout", args=[profile.pk]), 302)]
    assert "•••• 7466" in text_of(response)
    assert IBAN not in text_of(response)


@pytest.mark.rule("ENR-2")
@pytest.mark.parametrize(
    ("address", "fits"), [("/incentives/x/", True), ("//evil.example/", False), ("https://evil.example/", False)]
)
def test_saving_leads_back_to_the_enrollment_and_nowhere_else(as_: As, ines: User, address: str, fits: bool) -> None:
    browser = as_(ines)
    url = f"{reverse('payout_new')}?next={address}"
    assert ("Back to the enrollment" in text_of(browser.get(url))) is fits
    response = browser.post(url, TYPED)
    assert (response["Location"] == address) is fits


@pytest.mark.rule("PAY-1")
@pytest.mark.parametrize(
    ("country", "method", "asked"),
    [
        ("SE", "bank_transfer", ["iban", "bic"]),
        ("US", "bank_transfer", ["routing", "account", "bic"]),
        ("GB", "bank_transfer", ["sort_code", "account", "iban", "bic"]),
        ("MX", "bank_transfer", ["clabe", "bic"]),
        ("SE", "credit_note", []),
    ],
)
def test_the_fields_follow_country_and_method_without_scripts(
    as_: As, ines: User, country: str, method: str, asked: list[str]
) -> None:
    chosen = TYPED | {"bank_country": country, "payment_method": method, "show": "1"}
    page = text_of(as_(ines).post(reverse("payout_new"), chosen))
    numbers = page[page.index('id="numbers"') :]
    assert re.findall(r'<input type="text" name="(\w+)"', numbers) == asked
    assert "SEB account" in page
    assert IBAN not in page


def test_with_htmx_the_fields_alone_are_swapped(as_: As, ines: User) -> None:
    chosen = TYPED | {"bank_country": "AU", "show": "1"}
    page = text_of(as_(ines).post(reverse("payout_new"), chosen, headers={"HX-Request": "true"}))
    assert page.lstrip().startswith("<fieldset")
    assert 'name="bsb"' in page


@pytest.mark.rule("PAY-3")
def test_a_wrong_number_is_named_at_its_field(as_: As, ines: User) -> None:
    page = text_of(as_(ines).post(reverse("payout_new"), TYPED | {"iban": IBAN[:-1] + "7"}))
    assert "check digits don't fit" in page
    assert IBAN[:-1] not in page
    assert not PayoutProfile.objects.exists()


@pytest.mark.rule("PAY-3")
def test_a_right_number_stays_with_a_form_that_is_wrong_elsewhere_without_being_shown(as_: As, ines: User) -> None:
    browser = as_(ines)
    page = text_of(browser.post(reverse("payout_new"), TYPED | {"account_holder": ""}))
    assert IBAN not in page
    assert "•••• 7466" in page
    found = re.search(r'name="carried_iban" value="([^"]+)"', page)
    assert found
    browser.post(reverse("payout_new"), TYPED | {"iban": "", "carried_iban": found[1]})
    version = PayoutProfile.objects.get().latest
    assert version is not None
    assert version.read_identifiers() == {"iban": IBAN}


@pytest.mark.rule("PAY-3")
@pytest.mark.parametrize("token", ["", "x", "é", "AAAA", "k1|" * 50])
def test_a_made_up_carried_number_is_none(as_: As, ines: User, token: str) -> None:
    assert as_(ines).post(reverse("payout_new"), TYPED | {"iban": "", "carried_iban": token}).status_code == 200
    assert not PayoutProfile.objects.exists()


@pytest.mark.rule("PAY-3")
def test_while_typing_bank_and_bic_are_shown(as_: As, ines: User) -> None:
    url = reverse("payout_check", args=["iban"])
    answer = text_of(as_(ines).post(url, {"bank_country": "SE", "iban": "SE45 5000 0000 0583 9825 7466"}))
    assert "BIC ESSESESS" in answer and "7466" not in answer
    assert "check digits" in text_of(as_(ines).post(url, {"bank_country": "SE", "iban": IBAN[:-1] + "7"}))
    assert as_(ines).get(url, {"iban": IBAN}).status_code == 405


@pytest.mark.rule("PAY-3")
def test_an_edit_form_shows_the_last_four_and_keeps_what_is_left_empty(as_: As, ines: User, payout: PayoutProfile) -> None:
    page = text_of(as_(ines).get(edit_url(payout)))
    assert "•••• 7466 – leave empty to keep it" in page
    assert IBAN not in page
    as_(ines).post(edit_url(payout), TYPED | {"iban": "", "account_holder": "Norrsken Data Aktiebolag", "seen": "1"})
    payout.refresh_from_db()
    assert payout.latest is not None
    assert (payout.latest.number, payout.latest.read_identifiers()) == (2, {"iban": IBAN})


def test_a_masked_number_is_refused_at_its_field(as_: As, ines: User, payout: PayoutProfile) -> None:
    page = text_of(as_(ines).post(edit_url(payout), TYPED | {"iban": "•••• 7466", "seen": "1"}))
    assert "hidden form of a saved number" in page


def test_who_saves_second_keeps_what_they_typed(as_: As, ines: User, payout: PayoutProfile) -> None:
    payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(account_holder="A"))
    typed = TYPED | {"account_holder": "Norrsken B", "iban": OTHER_IBAN, "seen": "1"}
    page = text_of(as_(ines).post(edit_url(payout), typed))
    assert "Somebody else changed this profile" in page
    assert "Norrsken B" in page and "•••• 0003" in page and OTHER_IBAN not in page


@pytest.mark.rule("VAL-3")
def test_a_rejected_field_says_why_at_its_place(as_: As, ines: User, rita: User, payout: PayoutProfile, submitted: Any) -> None:
    reasons = [("account_holder", "holder_differs_from_legal_name", "As in the register, please.")]
    validations.reject(validation=submitted(payout), reasons=reasons, by=rita)
    page = text_of(as_(ines).get(edit_url(payout)))
    place = page[page.index('id="field-account_holder"') :]
    assert place.index("The account holder isn't the company") < place.index('name="account_holder"')
    assert "As in the register, please." in place
    assert f"{edit_url(payout)}#field-account_holder" in text_of(as_(ines).get(reverse("profiles")))


@pytest.mark.rule("ENR-4")
def test_before_saving_it_says_what_goes_back_to_validation(
    as_: As, ines: User, payout: PayoutProfile, location: Location, second_location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.give_role(ines, payout.partner, make.INCENTIVES_USER, second_location)
    rows = [
        usage.Usage(location.pk, "Cloud program FY27", "Enrolled", live=True, validated_anew=True),
        usage.Usage(second_location.pk, "Second program FY27", "Enrolled", live=False),
    ]
    monkeypatch.setattr(usage, "_sources", [lambda profile: rows])
    page = text_of(as_(ines).get(edit_url(payout)))
    assert "A change goes back to validation" in page
    assert "Cloud program FY27" in page and "Second program FY27" not in page


@pytest.mark.rule("PAY-4")
def test_archiving_what_is_in_use_says_where(as_: As, ines: User, payout: PayoutProfile, location: Location) -> None:
    defaults.set_default(locations=[location], payout_profile=payout, currency="SEK", by=ines)
    response = as_(ines).post(reverse("payout_archive", args=[payout.pk]), follow=True)
    assert "Not archived, because it is in use: Norrsken Göteborg" in text_of(response)
    defaults.clear(locations=[location], by=ines)
    as_(ines).post(reverse("payout_archive", args=[payout.pk]))
    payout.refresh_from_db()
    assert payout.archived_at is not None
    assert as_(ines).get(edit_url(payout)).status_code == 302
    assert payout.name in text_of(as_(ines).get(f"{reverse('profiles')}?archived"))


@pytest.mark.rule("ACC-1")
def test_a_profile_that_other_locations_use_is_not_edited_from_one_of_them(
    as_: As, partner: Partner, ines: User, payout: PayoutProfile, second_location: Location
) -> None:
    elsa = make.person("Elsa Ek", partner, make.INCENTIVES_ADMIN, second_location)
    assert as_(elsa).get(reverse("payout", args=[payout.pk])).status_code == 200
    assert as_(elsa).get(edit_url(payout)).status_code == 403
    defaults.set_default(locations=[second_location], payout_profile=payout, currency="SEK", by=elsa)
    assert as_(elsa).get(edit_url(payout)).status_code == 403, "a default gives no right to a profile that another made"
    assert as_(elsa).post(reverse("payout_reveal", args=[payout.pk])).status_code == 403
    assert as_(ines).get(edit_url(payout)).status_code == 403
    whole = make.person("Wilma Ek", partner, make.INCENTIVES_ADMIN)
    assert as_(whole).get(edit_url(payout)).status_code == 200


@pytest.mark.rule("ACC-1")
def test_an_enrollment_of_ones_own_gives_no_right_to_another_s_profile(
    as_: As, partner: Partner, ines: User, payout: PayoutProfile, second_location: Location
) -> None:
    elsa = make.person("Elsa Ek", partner, make.INCENTIVES_ADMIN, second_location)
    row = journeys.submitted(make.ProgramFactory.create(), second_location, elsa)
    enrolling.choose(enrollment_id=row.pk, payout_profile=payout, tax_profile=row.tax_profile, currency=row.currency, by=elsa)
    assert as_(elsa).get(edit_url(payout)).status_code == 403
    Enrollment.objects.filter(pk=row.pk).update(submitted_by=ines)
    assert as_(elsa).get(edit_url(payout)).status_code == 200, "what others use at her locations alone, she keeps"


@pytest.mark.rule("ACC-8")
def test_to_otto_it_does_not_exist(as_: As, otto: User, payout: PayoutProfile) -> None:
    browser = as_(otto)
    for name in ("payout", "payout_edit"):
        assert browser.get(reverse(name, args=[payout.pk])).status_code == 404
    for name in ("payout_edit", "payout_archive"):
        assert browser.post(reverse(name, args=[payout.pk]), TYPED).status_code == 404
    assert payout.name not in text_of(browser.get(reverse("profiles")))


@pytest.mark.rule("ACC-7")
@pytest.mark.parametrize("who", ["gunnar", "astrid", "ulf", "rita", "petra"])
def test_who_is_no_incentives_admin_reads_who_may(as_: As, request: pytest.FixtureRequest, payout: PayoutProfile, who: str) -> None:
    browser = as_(request.getfixturevalue(who))
    for url in (reverse("profiles"), reverse("payout_new"), reverse("defaults"), edit_url(payout)):
        assert browser.get(url).status_code == 403
    assert browser.post(reverse("payout_check", args=["iban"]), {"iban": IBAN}).status_code == 403


HOSTILE = [
    {"bank_country": "XX"},
    {"bank_country": "<script>"},
    {"payment_method": "barter"},
    {"iban": "\0"},
    {"iban": "SE" + "٤" * 22},
    {"iban": "SE45\u200b50000000058398257466"},
    {"iban": "=cmd|' /C calc'!A0"},
    {"iban": "9" * 10_000},
    {"account_holder": "A\u202eB"},
    {"account_holder": "x" * 10_000},
    {"name": "\0"},
    {"name": ""},
    {"seen": "-1"},
    {"seen": "9" * 40},
    {"seen": "x"},
    {"bic": "🙂"},
]


@pytest.mark.rule("PAY-3")
@pytest.mark.parametrize("change", HOSTILE)
def test_hostile_input_gets_a_clear_answer_and_changes_nothing(
    as_: As, ines: User, payout: PayoutProfile, change: dict[str, str]
) -> None:
    typed = {"account_holder": "B", "seen": "1"}
    assert as_(ines).post(edit_url(payout), TYPED | typed | change).status_code == 200
    assert as_(ines).post(edit_url(payout), TYPED | typed | change | {"show": "1"}).status_code == 200
    for kind, value in change.items():
        if kind in ("iban", "bic"):
            assert as_(ines).post(reverse("payout_check", args=[kind]), {kind: value, "bank_country": "XX"}).status_code == 200
    payout.refresh_from_db()
    assert payout.latest is not None
    assert payout.latest.number == 1


@pytest.mark.rule("PAY-3")
def test_no_number_is_left_anywhere(as_: As, ines: User, payout: PayoutProfile, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    browser = as_(ines)
    pages = [
        browser.post(edit_url(payout), TYPED | {"iban": OTHER_IBAN, "seen": "1"}, follow=True),
        browser.post(edit_url(payout), TYPED | {"iban": OTHER_IBAN, "seen": "7"}),
        browser.get(reverse("payout", args=[payout.pk])),
        browser.get(reverse("profiles")),
        browser.get(edit_url(payout)),
    ]
    said = "".join(text_of(page) for page in pages) + str(list(AuditEntry.objects.values()))
    said += "".join(record.getMessage() for record in caplog.records if record.name != "django.db.backends")
    assert IBAN not in said and OTHER_IBAN not in said
