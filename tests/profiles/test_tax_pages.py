"""Tax profiles and their pages (rule TAX-1)."""

import datetime as dt
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import Location, Partner, User
from profiles.errors import FieldsError, StaleError
from profiles.models import TaxProfile
from profiles.services import taxes, validations
from tests import factories as make

from .conftest import ORGNR, RESIDENCE, tax_fields

As = Callable[[User], Client]
TYPED = RESIDENCE | {"name": "Norrsken", "form_kind": "local", "orgnr": "556012-5790"}


def text_of(response: Any) -> str:
    return unescape(response.content.decode())


def new_url(location: Location) -> str:
    return f"{reverse('tax_new')}?location={location.pk}"


@pytest.mark.rule("TAX-1")
def test_ines_adds_a_tax_profile_of_her_location(as_: As, ines: User, location: Location) -> None:
    page = text_of(as_(ines).post(new_url(location), TYPED | {"expires_on": "2030-01-31"}, follow=True))
    profile = TaxProfile.objects.get()
    assert profile.latest is not None
    assert (profile.location, profile.latest.form_kind, profile.latest.expires_on) == (location, "local", dt.date(2030, 1, 31))
    assert profile.latest.read_identifiers() == {"orgnr": ORGNR}
    assert "•••• 5790" in page and ORGNR not in page and "556012-5790" not in page


@pytest.mark.rule("TAX-1")
@pytest.mark.parametrize(
    ("country", "classification", "form", "numbers"),
    [
        ("US", "company", "W-9", {"ein": "91-1144442"}),
        ("SE", "company", "local", {"orgnr": ORGNR}),
        ("DE", "company", "local", {"vat": "DE136695976"}),
        ("SE", "company", "W-8BEN-E", {"orgnr": ORGNR}),
    ],
)
def test_the_form_follows_country_and_classification(
    location: Location, ines: User, country: str, classification: str, form: str, numbers: dict[str, str]
) -> None:
    asked = {"country": country, "classification": classification}
    residence = asked | ({"form_kind": form} if form == "W-8BEN-E" else {})
    profile = taxes.create(location=location, by=ines, **tax_fields(residence, identifiers=numbers))
    assert profile.latest is not None
    assert profile.latest.form_kind == form


@pytest.mark.rule("TAX-1")
def test_numbers_are_checked_and_stored_encrypted(location: Location, tax: TaxProfile, ines: User) -> None:
    with pytest.raises(FieldsError) as refused:
        taxes.create(location=location, by=ines, **tax_fields(name="Another", identifiers={"orgnr": "5560125791"}))
    assert refused.value.findings["orgnr"].code == "orgnr_checksum"
    with connection.cursor() as cursor:
        cursor.execute("SELECT identifiers FROM profiles_taxprofileversion")
        ((stored,),) = cursor.fetchall()
    assert ORGNR.encode() not in bytes(stored)


@pytest.mark.rule("ENR-4")
def test_a_change_is_a_version_and_a_name_is_none(tax: TaxProfile, ines: User) -> None:
    changed = taxes.change(profile=tax, seen_version=1, by=ines, **tax_fields(name="Göteborg", identifiers={"orgnr": ""}))
    assert changed.latest is not None and changed.latest.number == 1
    changed = taxes.change(profile=tax, seen_version=1, by=ines, **tax_fields({"street": "Storgatan 2"}, identifiers={"orgnr": ""}))
    assert changed.latest is not None
    assert (changed.latest.number, changed.latest.read_identifiers()) == (2, {"orgnr": ORGNR})
    with pytest.raises(StaleError):
        taxes.change(profile=tax, seen_version=1, by=ines, **tax_fields({"street": "Storgatan 3"}))


def test_an_optional_number_can_be_taken_away(as_: As, ines: User, location: Location) -> None:
    numbers = {"orgnr": ORGNR, "vat": "SE556012579001"}
    tax = taxes.create(location=location, by=ines, **tax_fields(identifiers=numbers))
    url = reverse("tax_edit", args=[tax.pk])
    assert 'name="remove_vat"' in text_of(as_(ines).get(url))
    as_(ines).post(url, TYPED | {"orgnr": "", "vat": "", "remove_vat": "on", "seen": "1"})
    tax.refresh_from_db()
    assert tax.latest is not None
    assert tax.latest.read_identifiers() == {"orgnr": ORGNR}


@pytest.mark.rule("ACC-1")
def test_a_location_out_of_scope_answers_404(as_: As, ines: User, second_location: Location, other_location: Location) -> None:
    for place in (second_location, other_location):
        assert as_(ines).get(new_url(place)).status_code == 404
        assert as_(ines).post(new_url(place), TYPED).status_code == 404
    assert as_(ines).get(f"{reverse('tax_new')}?location=nonsense").status_code == 404
    assert not TaxProfile.objects.exists()


def test_without_a_location_it_asks_which(as_: As, partner: Partner, location: Location, second_location: Location) -> None:
    whole = make.person("Wilma Ek", partner, make.INCENTIVES_ADMIN)
    page = text_of(as_(whole).get(f"{reverse('tax_new')}?next=/incentives/x/"))
    assert f"{new_url(second_location)}&next=%2Fincentives%2Fx%2F" in page


@pytest.mark.rule("ACC-8")
def test_to_otto_it_does_not_exist(as_: As, otto: User, tax: TaxProfile) -> None:
    for name in ("tax", "tax_edit"):
        assert as_(otto).get(reverse(name, args=[tax.pk])).status_code == 404
    for name in ("tax_edit", "tax_archive"):
        assert as_(otto).post(reverse(name, args=[tax.pk]), TYPED).status_code == 404


@pytest.mark.rule("VAL-3")
def test_a_rejected_tax_number_says_why_at_its_place(as_: As, ines: User, rita: User, tax: TaxProfile, submitted: Any) -> None:
    validations.reject(validation=submitted(tax), reasons=[("orgnr", "tax_number_not_registered", "")], by=rita)
    page = text_of(as_(ines).get(reverse("tax_edit", args=[tax.pk])))
    place = page[page.index('id="field-orgnr"') :]
    assert "isn't in the authority's register" in place


@pytest.mark.rule("TAX-1")
def test_the_profiles_page_names_locations_without_one_and_what_expired(
    as_: As, partner: Partner, ines: User, location: Location, second_location: Location
) -> None:
    taxes.create(location=location, by=ines, **tax_fields({"expires_on": dt.date(2020, 1, 1)}))
    page = text_of(as_(make.person("Wilma Ek", partner, make.INCENTIVES_ADMIN)).get(reverse("profiles")))
    missing = page[page.index("Locations without a tax profile") : page.index("Payout profiles</h2>")]
    assert "Norrsken Umeå" in missing and "Norrsken Göteborg" not in missing
    assert "Expired" in page


def test_the_profiles_page_takes_as_many_queries_for_many_profiles(
    as_: As, partner: Partner, ines: User, location: Location, django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        taxes.create(location=location, by=ines, **tax_fields(name=f"Profile {number}"))
    browser = as_(ines)
    with django_assert_max_num_queries(14):
        browser.get(reverse("profiles"))


@pytest.mark.parametrize(
    "change",
    [
        {"country": "ZZ"},
        {"classification": "robot"},
        {"form_kind": "W-99"},
        {"expires_on": "0000-00-00"},
        {"expires_on": "99999-01-01"},
        {"orgnr": "\0"},
        {"orgnr": "٥٥٦٠١٢٥٧٩٠"},
        {"legal_name": "A\u200bB"},
        {"street": "x" * 10_000},
        {"seen": "no"},
    ],
)
def test_hostile_input_gets_a_clear_answer(as_: As, ines: User, tax: TaxProfile, change: dict[str, str]) -> None:
    url = reverse("tax_edit", args=[tax.pk])
    typed = TYPED | {"street": "Storgatan 9", "seen": "1"} | change
    assert as_(ines).post(url, typed).status_code == 200
    assert as_(ines).post(url, typed | {"show": "1"}).status_code == 200
    assert as_(ines).post(reverse("tax_check", args=["orgnr"]), typed).status_code == 200
    tax.refresh_from_db()
    assert tax.latest is not None and tax.latest.number == 1
