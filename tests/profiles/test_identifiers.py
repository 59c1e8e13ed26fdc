"""Bank and tax identifiers: what a typed number may be (rules PAY-3, TAX-1)."""

import json
from random import Random
from string import ascii_uppercase, digits

import pytest
from django_countries import countries
from hypothesis import given, settings
from hypothesis import strategies as st
from schwifty import IBAN

from profiles.identifiers import bank, tax
from profiles.identifiers.checking import (
    bank_of,
    canonical,
    canonical_tax,
    check,
    check_bank_details,
    check_tax_numbers,
    mask,
)
from profiles.identifiers.tax_rules import MODULES
from profiles.reasons import REASONS, text_for

IBAN_COUNTRIES = [code for code, _ in countries if bank.uses_iban(code) and code not in bank.DOMESTIC]
SWEDISH = "SE4550000000058398257466"
# Published examples, each of another structure.
IBANS = {
    "BE": "BE68539007547034",
    "CH": "CH9300762011623852957",
    "DE": "DE89370400440532013000",
    "FR": "FR1420041010050500013M02606",
    "MT": "MT84MALT011000012345MTLCAST001S",
    "NL": "NL91ABNA0417164300",
    "NO": "NO9386011117947",
    "SE": SWEDISH,
}


@pytest.mark.rule("PAY-3")
@pytest.mark.parametrize("country", IBAN_COUNTRIES)
def test_an_iban_of_every_country_passes_and_shows_its_fields(country: str) -> None:
    iban = str(IBAN.random(bank.iban_country(country), random=Random(7), use_registry=False))
    assert check("iban", iban, country).value == iban
    kinds = {field.kind: field for field in bank.fields_for(country, "bank_transfer")}
    assert list(kinds) == ["iban", "bic"] and kinds["iban"].required
    assert len(IBAN(iban).formatted) <= kinds["iban"].max_length


@pytest.mark.rule("PAY-3")
@pytest.mark.parametrize("country", IBANS)
def test_any_changed_character_of_an_iban_is_refused(country: str) -> None:
    """A digit for a digit or a letter for a letter: what the check digits are proven to notice."""
    iban = IBANS[country]
    for place in range(len(iban)):
        for char in digits if iban[place].isdigit() else ascii_uppercase:
            if char != iban[place]:
                assert not check("iban", iban[:place] + char + iban[place + 1 :], country).ok


@pytest.mark.rule("PAY-3")
@settings(max_examples=150)
@given(
    country=st.sampled_from(IBAN_COUNTRIES),
    seed=st.integers(0, 9999),
    place=st.integers(0, 33),
    digit=st.sampled_from("0123456789"),
)
def test_a_changed_digit_is_refused_in_every_country(country: str, seed: int, place: int, digit: str) -> None:
    iban = str(IBAN.random(bank.iban_country(country), random=Random(seed), use_registry=False))
    places = [at for at, char in enumerate(iban) if char.isdigit()]
    place = places[place % len(places)]
    changed = iban[:place] + digit + iban[place + 1 :]
    assert check("iban", changed, country).ok == (changed == iban)


@pytest.mark.rule("PAY-3")
@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("SE4550000000058398257467", "iban_checksum"),
        ("SE455000000005839825746", "iban_length"),
        ("SE45500000000583982574AB", "iban_format"),
        (IBANS["DE"], "iban_country"),
        ("", "empty"),
        (" \u00a0-", "empty"),
        ("•••• 7466", "masked_value"),
        ("**** 7466", "masked_value"),
        ("SE45\u200b50000000058398257466", "hidden_characters"),
        ("\u202eSE4550000000058398257466", "hidden_characters"),
        ("SE45\u00ad50000000058398257466", "hidden_characters"),
        ("SE4550000000058398257466\x00", "hidden_characters"),
        ("SE45٥٠٠٠0000058398257466", "not_ascii_digits"),
        ("SE４５50000000058398257466", "not_ascii_digits"),
        ("ЅЕ4550000000058398257466", "not_ascii_letters"),
        ("=cmd|'/c calc'!A0", "iban_country"),
        ("SE45" + "0" * 10_000, "too_long"),
        ("\ud800", "hidden_characters"),
    ],
)
def test_what_an_iban_is_refused_for(typed: str, code: str) -> None:
    found = check("iban", typed, "SE")
    assert (found.ok, found.code, found.value) == (False, code, "")


@pytest.mark.rule("PAY-3")
@pytest.mark.parametrize(
    "typed",
    [
        "SE45 5000 0000 0583 9825 7466",
        "se45 5000 0000 0583 9825 7466",
        "SE45\u00a05000\u20090000\u202f0583-9825–7466",
        "IBAN SE45 5000 0000 0583 9825 7466\r\n",
    ],
)
def test_separators_and_case_are_forgiven(typed: str) -> None:
    assert check("iban", typed, "SE").value == SWEDISH


@pytest.mark.rule("PAY-3")
@settings(max_examples=300)
@given(
    kind=st.sampled_from(["iban", "bic", "routing", "account", "vat", "orgnr", "tin", "no-such"]),
    typed=st.text(),
    country=st.sampled_from(["SE", "US", "GB", "NZ", "GR", "KR", "ZZ", ""]),
)
def test_nothing_that_is_typed_breaks_a_check(kind: str, typed: str, country: str) -> None:
    found = check(kind, typed, country)
    assert found.ok or found.code in REASONS
    assert not found.ok or (found.value.isascii() and found.value.isalnum())


@pytest.mark.rule("TAX-1")
@settings(max_examples=500)
@given(
    number=st.sampled_from([*MODULES, *((kind, code) for kind in ("vat", "tin") for code in sorted(tax.EU))]),
    typed=st.text(digits + "AEGLOXZ", max_size=18),
)
def test_nothing_that_looks_like_a_number_breaks_a_check(number: tuple[str, str], typed: str) -> None:
    found = check(number[0], typed, number[1])
    assert found.ok or found.code in REASONS


@pytest.mark.rule("PAY-3")
@pytest.mark.parametrize(
    ("kind", "typed", "country", "result"),
    [
        ("routing", "111000025", "US", "111000025"),
        ("routing", "1110-0002-5", "US", "111000025"),
        ("routing", "112000025", "US", "aba_checksum"),
        ("routing", "11100002", "US", "aba_format"),
        ("routing", "000000000", "US", "aba_prefix"),
        ("routing", "111000025", "SE", "not_used_in_country"),
        ("account", "000123456789", "US", "000123456789"),
        ("account", "12", "US", "account_format"),
        ("account", "00000000", "US", "account_format"),
        ("sort_code", "12-34-56", "GB", "123456"),
        ("sort_code", "12-34-5", "GB", "sort_code_format"),
        ("account", "01234567", "GB", "01234567"),
        ("account", "1234567", "GB", "account_format"),
        ("transit", "12345", "CA", "12345"),
        ("institution", "03", "CA", "institution_format"),
        ("bsb", "062-000", "AU", "062000"),
        ("account", "01-0242-0100194-00", "NZ", "0102420100194000"),
        ("account", "01-0242-0100195-00", "NZ", "account_checksum"),
        ("ifsc", "sbin0005943", "IN", "SBIN0005943"),
        ("ifsc", "SBIN1005943", "IN", "ifsc_format"),
        ("clabe", "032180000118359719", "MX", "032180000118359719"),
        ("clabe", "032180000118359718", "MX", "clabe_checksum"),
        ("bank_code", "001", "JP", "bank_code_format"),
        ("branch_code", "250655", "ZA", "250655"),
        ("bic", "essesess", "SE", "ESSESESS"),
        ("bic", "DABAIE2DXXX", "IE", "DABAIE2DXXX"),
        ("bic", "ESSESES", "SE", "bic_format"),
        ("bic", "ESSEQQSS", "SE", "bic_format"),
        ("account", "110-123-456789", "KR", "110123456789"),
    ],
)
def test_domestic_bank_numbers(kind: str, typed: str, country: str, result: str) -> None:
    found = check(kind, typed, country)
    assert (found.value or found.code) == result


@pytest.mark.rule("TAX-1")
@pytest.mark.parametrize(
    ("kind", "typed", "country", "result"),
    [
        ("ein", "91-1144442", "US", "911144442"),
        ("ein", "07-1144442", "US", "ein_prefix"),
        ("ein", "91-114444", "US", "ein_format"),
        ("ssn", "536-90-4399", "US", "536904399"),
        ("ssn", "666-00-0000", "US", "ssn_format"),
        ("ssn", "078-05-1120", "US", "ssn_format"),
        ("itin", "912-90-3456", "US", "912903456"),
        ("itin", "123-45-6789", "US", "itin_format"),
        ("orgnr", "123456-7897", "SE", "1234567897"),
        ("orgnr", "123456-7891", "SE", "orgnr_checksum"),
        ("orgnr", "988 077 917", "NO", "988077917"),
        ("orgnr", "988 077 918", "NO", "orgnr_checksum"),
        ("vat", "SE 123456789701", "SE", "SE123456789701"),
        ("vat", "123456789701", "SE", "SE123456789701"),
        ("vat", "SE123456789101", "SE", "vat_checksum"),
        ("vat", "FR 61 954 506 077", "FR", "FR61954506077"),
        ("vat", "ATU 57194903", "AT", "ATU57194903"),
        ("vat", "697449992", "BE", "BE0697449992"),
        ("vat", "EL 094259216", "GR", "EL094259216"),
        ("vat", "DE136695976", "SE", "vat_country"),
        ("vat", "GB 980 7806 84", "GB", "GB980780684"),
        ("vat", "802311781", "GB", "vat_checksum"),
        ("utr", "1955839661", "GB", "1955839661"),
        ("utr", "2955839661", "GB", "tax_number_checksum"),
        ("uid", "CHE-100.155.212", "CH", "CHE100155212"),
        ("bn", "12302 6635", "CA", "123026635"),
        ("abn", "83 914 571 673", "AU", "83914571673"),
        ("gstin", "27AAPFU0939F1ZV", "IN", "27AAPFU0939F1ZV"),
        ("pan", "ACUPA7085R", "IN", "ACUPA7085R"),
        ("cnpj", "16.727.230/0001-97", "BR", "16727230000197"),
        ("rfc", "MAB-930714-8T4", "MX", "MAB9307148T4"),
        ("cn", "5-8356-7825-6246", "JP", "5835678256246"),
        ("tin", "0001339050", "ZA", "0001339050"),
        ("uen", "197401143C", "SG", "197401143C"),
        ("ird", "49-098-576", "NZ", "49098576"),
        ("trn", "100 1234 5678 9003", "AE", "100123456789003"),
        ("tin", "123-456-789", "PH", "123456789"),
        ("tin", "0000000", "PH", "tax_number_format"),
        ("ein", "91-1144442", "SE", "not_used_in_country"),
    ],
)
def test_tax_numbers(kind: str, typed: str, country: str, result: str) -> None:
    found = check(kind, typed, country)
    assert (found.value or found.code) == result


@pytest.mark.rule("PAY-1")
def test_what_is_asked_for_depends_on_country_and_method() -> None:
    def asked(country: str) -> list[str]:
        return [field.kind for field in bank.fields_for(country, "bank_transfer")]

    assert asked("US") == ["routing", "account", "account_type", "bic"]
    assert asked("GB") == ["sort_code", "account", "iban", "bic"]
    assert asked("CA") == ["transit", "institution", "account", "bic"]
    assert asked("JP") == ["bank_code", "branch_code", "account_type", "account", "kana", "bic"]
    assert asked("KR") == ["account", "bic"]
    assert asked("AE") == asked("SE") == ["iban", "bic"]
    assert bank.fields_for("SE", "credit_note") == ()
    assert not bank.needs_bic("SE") and bank.needs_bic("EG")


@pytest.mark.rule("PAY-3")
def test_every_example_in_a_hint_is_itself_accepted() -> None:
    for country, fields in bank.DOMESTIC.items():
        for field in fields:
            if "For example" in str(field.hint):
                assert check(field.kind, str(field.hint).removeprefix("For example "), country).ok, (country, field.kind)
    for country in [*tax.BY_COUNTRY, *tax.SOLE_TRADERS]:
        for tax_field in [*tax.fields_for(country, "company"), *tax.fields_for(country, "sole_trader")]:
            if "For example" in str(tax_field.hint):
                assert check(tax_field.kind, str(tax_field.hint).removeprefix("For example "), country).ok, (
                    country,
                    tax_field.kind,
                )


@pytest.mark.rule("PAY-3")
def test_all_details_of_a_profile_are_checked_together() -> None:
    found = check_bank_details({"routing": "", "account": "12345678"}, country="US", payment_method="bank_transfer")
    assert {kind: finding.code for kind, finding in found.items()} == {"routing": "empty", "account": ""}
    assert check_bank_details({}, country="US", payment_method="credit_note") == {}
    swedish = check_bank_details({"iban": SWEDISH, "bic": "", "account": "9"}, country="SE", payment_method="bank_transfer")
    assert list(swedish) == ["iban"] and swedish["iban"].ok


@pytest.mark.rule("PAY-3")
def test_a_bic_is_needed_where_the_bank_cannot_be_derived_outside_sepa() -> None:
    unknown = str(IBAN.from_bban("AE", "999" + "1234567890123456"))
    found = check_bank_details({"iban": unknown}, country="AE", payment_method="bank_transfer")
    assert found["bic"].code == "bic_needed"
    assert check_bank_details({"iban": unknown, "bic": "EBILAEAD"}, country="AE", payment_method="bank_transfer")["bic"].ok


@pytest.mark.rule("TAX-1")
def test_one_of_several_tax_numbers_suffices() -> None:
    assert check_tax_numbers({"tin": "12345678"}, country="DE", classification="company")["tin"].ok
    assert check_tax_numbers({}, country="DE", classification="company")["vat"].code == "empty"
    assert check_tax_numbers({}, country="US", classification="company")["ein"].code == "empty"
    assert list(check_tax_numbers({"ssn": "536904399"}, country="US", classification="sole_trader")) == ["ssn"]


@pytest.mark.rule("TAX-1")
@pytest.mark.parametrize(
    ("country", "classification", "us_payer", "kind"),
    [
        ("US", "company", False, "W-9"),
        ("US", "sole_trader", True, "W-9"),
        ("SE", "company", True, "W-8BEN-E"),
        ("SE", "sole_trader", True, "W-8BEN"),
        ("SE", "company", False, "local"),
    ],
)
def test_the_form_to_file(country: str, classification: str, us_payer: bool, kind: str) -> None:
    assert tax.form_kind_for(country, classification, us_payer) == kind
    assert tax.fits(kind, country, classification, us_payer)


@pytest.mark.rule("TAX-1")
def test_a_form_for_somebody_else_does_not_fit() -> None:
    assert not tax.fits("W-9", "SE", "company", True)
    assert not tax.fits("local", "SE", "company", True)
    assert not tax.fits("local", "US", "company", False)
    assert not tax.fits("W-8BEN", "SE", "company", True)
    assert not tax.fits("W-8BEN-E", "SE", "sole_trader", True)
    assert tax.fits("W-8EXP", "SE", "public_body", True)


@pytest.mark.rule("PAY-3")
def test_the_bank_is_shown_back() -> None:
    info = bank_of({"iban": SWEDISH}, "SE")
    assert (info.name, info.bic) == ("SEB", "ESSESESS")
    assert bank_of({"routing": "111000025", "account": "1"}, "US").name == ""
    assert bank_of({"iban": "nonsense"}, "SE").bic == ""
    assert bank_of({"iban": SWEDISH, "bic": "ESSESESSXXX"}, "SE").bic == "ESSESESSXXX"


@pytest.mark.rule("PAY-3")
def test_a_number_is_shown_as_its_end() -> None:
    assert mask(SWEDISH) == "•••• 7466"
    assert mask("01234567") == "•••• 4567"
    assert mask("123456") == "•••• 456"
    assert mask("") == "••••"
    assert check("iban", mask(SWEDISH), "SE").code == "masked_value"
    assert SWEDISH not in repr(check("iban", SWEDISH, "SE"))


@pytest.mark.rule("VAL-6")
def test_the_same_account_is_the_same_text_whatever_the_order() -> None:
    assert canonical({"iban": SWEDISH, "bic": "ESSESESS"}) == canonical({"iban": SWEDISH})
    us = {"routing": "111000025", "account": "12345678"}
    assert canonical(us, country="US") == canonical(dict(reversed(us.items())), country="US")
    assert canonical(us, country="US") != canonical(us | {"routing": "011000015"}, country="US")
    korea = {"account": "110123456789", "bic": "SHBKKRSE"}
    assert canonical(korea, country="KR") == canonical(korea | {"bic": "SHBKKRSEXXX"}, country="KR")
    assert canonical(korea, country="KR") != canonical(korea | {"bic": "CZNBKRSE"}, country="KR")
    assert json.loads(canonical({"iban": SWEDISH})) == {"iban": SWEDISH}


@pytest.mark.rule("VAL-6")
def test_the_same_taxpayer_is_the_same_text() -> None:
    both = {"orgnr": "1234567897", "vat": "SE123456789701"}
    assert canonical_tax(both, country="SE") == canonical_tax({"vat": both["vat"]}, country="SE")
    assert canonical_tax(both, country="SE") == canonical_tax({"orgnr": both["orgnr"]}, country="SE")
    assert canonical_tax(both, country="SE") != canonical_tax({"orgnr": "9880779177"}, country="NO")


@pytest.mark.rule("VAL-3")
def test_every_reason_has_a_code_that_fits_its_column_and_says_what_to_do() -> None:
    for code, reason in REASONS.items():
        assert code == reason.code and len(code) <= 40
        assert str(reason.text).count(". ") >= 1 or code == "other"
    assert text_for("no_longer_there") == text_for("other")
