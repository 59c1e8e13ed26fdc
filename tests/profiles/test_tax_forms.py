"""A short classification leads to the tax form and to the numbers that the country knows (rule TAX-1)."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, override_settings

from accounts.models import Location, User
from incentives_portal.core import clock
from profiles.forms.tax import form_kinds_for
from profiles.identifiers import tax
from profiles.identifiers.checking import canonical_tax, check
from profiles.models import FormKind, TaxClassification
from tests import factories as make

from .test_tax_pages import TYPED, new_url, text_of

pytestmark = pytest.mark.rule("TAX-1")

As = Callable[[User], Client]
ENTITY = ["local", "W-8BEN-E", "W-8ECI", "W-8IMY"]
EXEMPT = ["local", "W-8BEN-E", "W-8ECI", "W-8EXP", "W-8IMY"]


@pytest.mark.parametrize(
    ("country", "classification", "kinds"),
    [
        ("US", "company", ["W-9"]),
        ("US", "sole_trader", ["W-9"]),
        ("SE", "company", ENTITY),
        ("SE", "partnership", ENTITY),
        ("SE", "sole_trader", ["local", "W-8BEN", "W-8ECI"]),
        ("SE", "public_body", EXEMPT),
        ("SE", "non_profit", EXEMPT),
    ],
)
def test_who_somebody_is_and_who_pays_lead_to_the_form(country: str, classification: str, kinds: list[str]) -> None:
    assert [kind for kind, _words in form_kinds_for(country, classification)] == kinds
    for kind in FormKind.values:
        assert any(tax.fits(kind, country, classification, us) for us in (True, False)) is (kind in kinds)


def test_every_form_is_somebodys() -> None:
    reached = {
        kind for country in ("US", "SE") for one in TaxClassification.values for kind, _words in form_kinds_for(country, one)
    }
    assert reached == set(FormKind.values)


@override_settings(US_PAYING_ENTITIES=["Northwind Corporation", "Operator Corporation"])
def test_the_page_asks_in_words_and_names_the_paying_entities_of_today(as_: As, ines: User, location: Location) -> None:
    assert "Paying entities in the United States" not in text_of(as_(ines).get(new_url(location))), "no program is paid from there"
    make.ProgramFactory.create(paying_entity="Northwind Corporation")
    make.ProgramFactory.create(paying_entity="Operator Corporation", discontinued_on=clock.today() - dt.timedelta(days=1))
    page = text_of(as_(ines).get(new_url(location)))
    assert "Paying entities in the United States are: Northwind Corporation." in page
    assert "W-8BEN-E: paid by an entity in the United States, and the money is the organization's own" in page
    american = text_of(as_(ines).post(new_url(location), TYPED | {"country": "US", "show": "1"}))
    assert "W-8BEN-E" not in american and "Employer Identification Number" in american


def test_the_form_has_to_be_chosen(as_: As, ines: User, location: Location) -> None:
    typed: dict[str, Any] = {name: value for name, value in TYPED.items() if name != "form_kind"}
    assert as_(ines).post(new_url(location), typed).status_code == 200
    american = typed | {"country": "US", "ein": "91-1144442", "form_kind": "W-9"}
    assert as_(ines).post(new_url(location), american).status_code == 302


@pytest.mark.parametrize(
    ("kind", "typed", "country", "result"),
    [
        ("orgnr", "165560125790", "SE", "5560125790"),
        ("orgnr", "19880320-0016", "SE", "8803200016"),
        ("orgnr", "880320+0016", "SE", "orgnr_format"),
        ("vat", "995 525 828", "NO", "995525828MVA"),
        ("vat", "IS 00621", "IS", "00621"),
        ("vat", "XI 980 7806 84", "GB", "XI980780684"),
        ("vat", "980 7806 84", "XI", "XI980780684"),
        ("vat", "980 7806 84", "IM", "GB980780684"),
        ("vat", "FR 53 0000 04605", "MC", "FR53000004605"),
        ("cnpj", "12.ABC.345/01DE-35", "BR", "12ABC34501DE35"),
        ("rfc", "ÑAB-930714-8T4", "MX", "ÑAB9307148T4"),
        ("rfc", "COMG-600703", "MX", "tax_number_format"),
        ("invoice", "T5835678256246", "JP", "T5835678256246"),
        ("invoice", "5835678256246", "JP", "tax_number_format"),
        ("sin", "123-456-782", "CA", "123456782"),
        ("gst", "M9-0012345-8", "SG", "M900123458"),
        ("ein", "911-14-4442", "US", "ein_format"),
        ("ssn", "53-6904399", "US", "ssn_format"),
        ("ssn", "536 90 4399", "US", "536904399"),
        ("brn", "116-82-00276", "KR", "1168200276"),
        ("ubn", "00501502", "TW", "tax_number_checksum"),
        ("edrpou", "32855961", "UA", "32855961"),
        ("vkn", "4540536921", "TR", "tax_number_checksum"),
        ("trn", "200123456789003", "AE", "tax_number_format"),
        ("tin", "536-90-4399", "US", "536904399"),
        ("tin", "00-0000000", "US", "ein_prefix"),
        ("tin", "5560125791", "SE", "orgnr_checksum"),
        ("tin", "83 914 571 673", "AU", "83914571673"),
        ("tin", "181/815/0815 5", "DE", "18181508155"),
    ],
)
def test_numbers_as_people_write_them(kind: str, typed: str, country: str, result: str) -> None:
    found = check(kind, typed, country)
    assert (found.value or found.code) == result


def test_every_country_names_its_number_and_gives_an_example() -> None:
    for country in {*tax.BY_COUNTRY, *tax.EU}:
        for field in tax.fields_for(country, "company"):
            assert str(field.label) and ("For example" in str(field.hint) or field.kind == "tin"), country


def test_a_person_is_the_same_taxpayer_whatever_else_was_given() -> None:
    assert canonical_tax({"orgnr": "8803200016"}, country="SE") == canonical_tax({"vat": "SE880320001601"}, country="SE")
    turkish = {"tckimlik": "17291716060", "vkn": "4540536920"}
    assert canonical_tax(turkish, country="TR") == canonical_tax({"vkn": "4540536920"}, country="TR")


@pytest.mark.rule("PAY-3")
def test_another_classification_keeps_the_number_that_it_asks_for_too(as_: As, ines: User, location: Location) -> None:
    client = as_(ines)
    redrawn = text_of(client.post(new_url(location), TYPED | {"classification": "partnership", "show": "1"}))
    assert "•••• 5790 – leave empty to keep it" in redrawn and "556012" not in redrawn
    token = carried_in(redrawn)
    again = text_of(client.post(new_url(location), TYPED | {"orgnr": "", "carried_orgnr": token, "show": "1"}))
    assert "•••• 5790 – leave empty to keep it" in again
    elsewhere = text_of(client.post(new_url(location), TYPED | {"country": "US", "carried_orgnr": token, "show": "1"}))
    assert "5790" not in elsewhere
    saved = client.post(new_url(location), TYPED | {"orgnr": "", "carried_orgnr": carried_in(again)})
    assert saved.status_code == 302
    half = text_of(client.post(new_url(location), TYPED | {"orgnr": "556012", "show": "1"}))
    assert "leave empty to keep it" not in half


def carried_in(page: str) -> str:
    found = re.search(r'name="carried_orgnr" value="([^"]+)"', page)
    assert found is not None
    return found[1]
