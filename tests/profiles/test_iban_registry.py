"""Every country of the IBAN registry: its example passes, and what breaks it is refused in words (rule PAY-3)."""

import re
from string import ascii_uppercase, digits

import pytest
from django.utils.translation import override
from django_countries import countries
from hypothesis import given, settings
from hypothesis import strategies as st
from schwifty import registry

from profiles.identifiers import bank
from profiles.identifiers.bank_rules import NATIONAL_CHECK_DIGITS
from profiles.identifiers.checking import check, check_bank_details
from profiles.identifiers.iban_examples import IBAN_EXAMPLES
from profiles.reasons import REASONS, explained

ALPHABET = digits + ascii_uppercase
# Signs that stand in no IBAN, and don't separate its groups either.
STRANGERS = "*&_+'£ÅО０٣²\u200b\u202e\u00ad\x00\ufeff•"
SEPARATORS = " -\u00a0\u2009–\t"

pytestmark = pytest.mark.rule("PAY-3")


def remainder(iban: str) -> int:
    """The remainder of ISO 7064 MOD 97-10, worked out here once more."""
    return int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97


def can_be_right(iban: str, country: str) -> bool:
    """What the standard and the registry's structure say, without the code that is tested."""
    structure = registry.get_iban_spec(country).regex
    return bool(re.fullmatch(country + r"\d\d", iban[:4]) and re.match(structure, iban[4:]) and remainder(iban) == 1)


def test_there_is_an_example_of_every_country_that_has_ibans() -> None:
    have = {bank.iban_country(code) for code, _name in countries if bank.uses_iban(code)}
    assert have | {"XK"} == set(IBAN_EXAMPLES)
    assert len(IBAN_EXAMPLES) == 89


@pytest.mark.parametrize("country", IBAN_EXAMPLES)
def test_the_example_of_every_country_passes(country: str) -> None:
    iban = IBAN_EXAMPLES[country]
    assert check("iban", iban, country).value == iban
    assert check("iban", bank.in_fours(iban).lower(), country).value == iban
    typed = {"iban": iban, "bic": f"AAAA{country}22"}
    assert check_bank_details(typed, country=country, payment_method="bank_transfer")["iban"].ok


@pytest.mark.parametrize("territory", bank.NUMBERED_BY)
def test_a_territory_takes_the_ibans_of_the_country_that_numbers_its_banks(territory: str) -> None:
    assert check("iban", IBAN_EXAMPLES[bank.NUMBERED_BY[territory]], territory).ok


def changes(iban: str, alphabet: str) -> list[str]:
    return [iban[:place] + char + iban[place + 1 :] for place in range(len(iban)) for char in alphabet if char != iban[place]]


def test_every_change_of_one_character_that_breaks_an_example_is_refused_in_words() -> None:
    """Each place of each example becomes each other letter and digit: 75,425 changes, all judged as the standard does.

    MOD 97-10 notices every digit for a digit and every letter for a letter. Of a letter for a digit or the other way
    round, where the country's structure allows both, it overlooks some; those are counted.
    """
    refused: set[tuple[str, str]] = set()
    made = overlooked = 0
    for country, iban in IBAN_EXAMPLES.items():
        for changed in changes(iban, ALPHABET):
            found = check("iban", changed, country)
            assert found.ok == can_be_right(changed, country) or (not found.ok and country in NATIONAL_CHECK_DIGITS)
            made += 1
            overlooked += found.ok
            if not found.ok:
                assert found.value == ""
                refused.add((found.code, found.detail))
    assert (made, overlooked) == (75_425, 131)
    for language in ("en", "sv"):
        with override(language):
            assert all(explained(code, detail) != explained("other") for code, detail in refused)
            assert explained("bank_code_format", "3").count(".") == 3, "every part is a sentence"
            assert {code for code, _detail in refused} == {"iban_country", "iban_checksum", "iban_format"}


@pytest.mark.parametrize("sign", STRANGERS)
def test_a_sign_that_stands_in_no_iban_is_refused_at_every_place(sign: str) -> None:
    for country, iban in IBAN_EXAMPLES.items():
        for changed in changes(iban, sign):
            found = check("iban", changed, country)
            assert not found.ok and found.code in REASONS, (country, found)


@pytest.mark.parametrize("sign", SEPARATORS)
def test_a_separator_instead_of_a_character_makes_an_iban_too_short(sign: str) -> None:
    for country, iban in IBAN_EXAMPLES.items():
        for changed in changes(iban, sign)[4:]:
            assert check("iban", changed, country).code == "iban_length"


def test_a_missing_or_doubled_character_is_refused_at_every_place() -> None:
    for country, iban in IBAN_EXAMPLES.items():
        for place in range(len(iban)):
            assert not check("iban", iban[:place] + iban[place + 1 :], country).ok
            assert not check("iban", iban[:place] + iban[place] + iban[place:], country).ok


def test_neighbours_that_change_places_are_refused() -> None:
    for country, iban in IBAN_EXAMPLES.items():
        for place in range(len(iban) - 1):
            swapped = iban[:place] + iban[place + 1] + iban[place] + iban[place + 2 :]
            assert not check("iban", swapped, country).ok or swapped == iban or can_be_right(swapped, country)


@settings(max_examples=300)
@given(st.data())
def test_how_an_iban_is_written_never_changes_the_verdict(data: st.DataObject) -> None:
    country = data.draw(st.sampled_from(sorted(IBAN_EXAMPLES)))
    iban = IBAN_EXAMPLES[country]
    place = data.draw(st.integers(0, len(iban) - 1))
    changed = iban[:place] + data.draw(st.sampled_from(ALPHABET)) + iban[place + 1 :]
    gaps = data.draw(st.lists(st.tuples(st.integers(0, len(iban)), st.sampled_from(SEPARATORS)), max_size=12))
    written = changed
    for at, sign in gaps:
        written = written[:at] + sign + written[at:]
    plain, dressed = check("iban", changed, country), check("iban", data.draw(st.sampled_from([written, written.lower()])), country)
    assert (plain.ok, plain.code, plain.value) == (dressed.ok, dressed.code, dressed.value)
