"""Accounts as the banks of a country number them, beside or instead of the IBAN (rule PAY-1)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, Partner, User
from profiles.currencies import why_not
from profiles.errors import CurrencyError
from profiles.identifiers import bank
from profiles.identifiers.checking import bank_of, canonical, check, check_bank_details
from profiles.models import PayoutProfile
from profiles.services import defaults, payouts
from profiles.services.payouts import Details

from .conftest import payout_fields
from .test_payout_pages import text_of

pytestmark = pytest.mark.rule("PAY-1")

As = Callable[[User], Client]
BRITISH_IBAN = "GB29NWBK60161331926819"
ACCOUNTS: dict[str, dict[str, str]] = {
    "US": {"routing": "021000021", "account": "000123456789", "account_type": "savings"},
    "CA": {"transit": "12345", "institution": "003", "account": "1234567"},
    "GB": {"sort_code": "60-16-13", "account": "31926819"},
    "JE": {"iban": BRITISH_IBAN},
    "AU": {"bsb": "062-000", "account": "12345678"},
    "NZ": {"account": "01-0242-0100194-00"},
    "IN": {"ifsc": "SBIN0005943", "account": "00000012345678901"},
    "JP": {"bank_code": "0001", "branch_code": "001", "account_type": "ordinary", "account": "1234567", "kana": "ﾎｸﾄﾃﾞｰﾀ", "bic": "MHCBJPJT"},
    "HK": {"bank_code": "004", "account": "123-456789-001", "bic": "HSBCHKHH"},
    "SG": {"bank_code": "7171", "account": "0123456789", "bic": "DBSSSGSG"},
    "BR": {"bank_code": "341", "branch_code": "1234", "account": "12345678-X", "account_type": "corrente", "holder_id": "16.727.230/0001-97"},
    "MX": {"clabe": "032180000118359719"},
    "ZA": {"branch_code": "250655", "account": "62001234567", "bic": "FIRNZAJJ"},
    "AE": {"iban": "AE07 0331 2345 6789 0123 456"},
}  # fmt: skip


def refusals(values: dict[str, str], country: str) -> dict[str, str]:
    found = check_bank_details(values, country=country, payment_method="bank_transfer")
    return {kind: finding.code for kind, finding in found.items() if not finding.ok}


@pytest.mark.parametrize("country", ACCOUNTS)
def test_an_account_of_the_country_passes_and_each_part_is_needed(country: str) -> None:
    account = ACCOUNTS[country]
    assert refusals(account, country) == {}
    needed = {field.kind for field in bank.fields_for(country, "bank_transfer") if field.required}
    for kind in account.keys() & needed:
        assert kind in refusals({**account, kind: ""}, country) or len(account) == 1


def test_either_way_to_name_an_account_is_enough_and_both_have_to_agree() -> None:
    assert refusals({"iban": BRITISH_IBAN}, "GB") == {}
    assert refusals(ACCOUNTS["GB"] | {"iban": BRITISH_IBAN}, "GB") == {}
    assert refusals({"sort_code": "601613", "account": "31926818", "iban": BRITISH_IBAN}, "GB") == {"iban": "iban_other_account"}
    assert refusals({}, "GB") == {"sort_code": "empty"}
    assert refusals({"account": "31926819"}, "GB") == {"sort_code": "empty"}
    assert refusals({"iban": "BR1800360305000010009795493C1", "bic": "CEFXBRSP"}, "BR") == {}
    assert refusals({"iban": "BR1800360305000010009795493C1"}, "BR") == {"bic": "bic_needed"}


def test_the_same_account_named_either_way_is_the_same() -> None:
    plain = {"sort_code": "601613", "account": "31926819"}
    assert canonical({"iban": BRITISH_IBAN}, country="GB") == canonical(plain, country="GB") == canonical(plain, country="JE")
    japanese = {kind: value for kind, value in ACCOUNTS["JP"].items() if kind not in ("bic", "kana", "account_type")}
    assert canonical(ACCOUNTS["JP"], country="JP") == canonical(japanese, country="JP")


@pytest.mark.rule("PAY-3")
@pytest.mark.parametrize(
    ("kind", "typed", "country", "result"),
    [
        ("kana", "ほくと　データ", "JP", "ホクト データ"),
        ("kana", "ｶ)ﾎｸﾄ", "JP", "カ)ホクト"),
        ("kana", "北斗", "JP", "kana_format"),
        ("kana", "ホクト\u200b", "JP", "hidden_characters"),
        ("kana", "•••• ータ", "JP", "masked_value"),
        ("kana", "", "JP", "empty"),
        ("kana", "ア" * 101, "JP", "too_long"),
        ("account_type", "Ordinary", "JP", "ordinary"),
        ("account_type", "checking", "JP", "account_type_unknown"),
        ("branch_code", "1234-5", "BR", "12345"),
        ("branch_code", "123", "BR", "branch_code_format"),
        ("branch_code", "001", "SG", "001"),
        ("account", "1234-x", "BR", "1234X"),
        ("holder_id", "390.533.447-05", "BR", "39053344705"),
        ("holder_id", "390.533.447-06", "BR", "tax_number_checksum"),
        ("holder_id", "12ABC34501DE35", "BR", "12ABC34501DE35"),
        ("kana", "ホクト", "SE", "not_used_in_country"),
    ],
)
def test_what_only_some_countries_ask_for(kind: str, typed: str, country: str, result: str) -> None:
    found = check(kind, typed, country)
    assert (found.value or found.code) == result


@pytest.mark.rule("PAY-3")
@pytest.mark.parametrize(
    ("country", "numbers", "name"),
    [
        ("AU", {"bsb": "923100"}, "ING Australia"),
        ("BR", {"bank_code": "341"}, "Itaú Unibanco"),
        ("MX", {"clabe": "012180000118359719"}, "BBVA México"),
        ("NZ", {"account": "0102420100194000"}, "ANZ Bank New Zealand"),
        ("ZA", {"branch_code": "470010", "account": "1"}, "Capitec"),
        ("GB", {"iban": BRITISH_IBAN}, "NATIONAL WESTMINSTER BANK PUBLIC LIMITED COMPANY"),
        ("CA", {"institution": "999"}, ""),
    ],
)
def test_a_bank_that_is_known_by_its_number_is_named(country: str, numbers: dict[str, str], name: str) -> None:
    assert bank_of(numbers, country).name == name


def saved(partner: Partner, by: User, country: str, **more: str) -> PayoutProfile:
    numbers = ACCOUNTS[country] | more
    return payouts.create(partner=partner, by=by, **payout_fields(name=country, bank_country=country, identifiers=numbers))


def test_the_kind_of_account_is_shown_in_words_and_the_numbers_are_not(as_: As, partner: Partner, ines: User) -> None:
    page = text_of(as_(ines).get(reverse("payout", args=[saved(partner, ines, "JP").pk])))
    assert "Ordinary account (普通)" in page and "Account holder in katakana (口座名義カナ)" in page
    assert "1234567" not in page and "ホクト" not in page


@pytest.mark.parametrize(
    ("country", "more", "currency", "says"),
    [
        ("US", {}, "USD", ""),
        ("US", {}, "SEK", "can only be paid in USD"),
        ("US", {"bic": "CHASUS33"}, "SEK", ""),
        ("GB", {}, "EUR", "can only be paid in GBP"),
        ("JE", {}, "EUR", ""),
        ("JP", {}, "USD", ""),
        ("JP", {}, "INR", "can't be sent to a bank in Japan"),
        ("IN", {}, "INR", ""),
        ("AE", {}, "BRL", "can't be sent to a bank in"),
    ],
)
def test_currency_and_account_have_to_fit(
    partner: Partner, location: Location, ines: User, country: str, more: dict[str, str], currency: str, says: str
) -> None:
    profile = saved(partner, ines, country, **more)
    assert profile.latest is not None
    refusal = why_not(currency, profile.latest)
    assert (says in refusal) if says else refusal == ""
    if says:
        with pytest.raises(CurrencyError, match=says):
            defaults.set_default(locations=[location], payout_profile=profile, currency=currency, by=ines)


def test_the_refused_currency_is_named_at_its_field(as_: As, partner: Partner, location: Location, ines: User) -> None:
    profile = saved(partner, ines, "US")
    typed: dict[str, Any] = {"payout_profile": str(profile.pk), "currency": "SEK", "locations": [str(location.pk)]}
    page = text_of(as_(ines).post(reverse("defaults"), typed))
    assert "Without a BIC, this account in United States of America can only be paid in USD." in page


def test_a_credit_note_is_paid_in_any_currency(partner: Partner, ines: User) -> None:
    details = Details("credit_note", "US", "Norrsken Data AB", {})
    profile = payouts.create(partner=partner, by=ines, **payout_fields(payment_method=details.payment_method, identifiers={}))
    assert profile.latest is not None and why_not("SEK", profile.latest) == ""
