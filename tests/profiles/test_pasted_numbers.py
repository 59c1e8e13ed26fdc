"""What people paste: forgiven where it only separates, else refused with what to do, at its field, changing nothing (rule PAY-3)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import User
from profiles.identifiers import bank, tax
from profiles.identifiers.characters import DASHED, plain
from profiles.identifiers.checking import check, check_bank_details, check_tax_numbers
from profiles.identifiers.kinds import KINDS, all_kinds
from profiles.identifiers.tax_rules import FORMATS, MODULES
from profiles.models import PayoutProfile
from profiles.reasons import REASONS

from .conftest import IBAN
from .test_payout_pages import TYPED, edit_url, text_of
from .test_published_numbers import EXAMPLES

pytestmark = pytest.mark.rule("PAY-3")

As = Callable[[User], Client]
PASTED = {
    "zero-width": ("SE45\u200b50000000058398257466", "can't be seen"),
    "direction mark": ("\u202eSE4550000000058398257466", "can't be seen"),
    "soft hyphen": ("SE45\u00ad50000000058398257466", "can't be seen"),
    "byte order mark": ("\ufeffSE4550000000058398257466", "can't be seen"),
    "NUL": ("SE45\x0050000000058398257466", "can't be seen"),
    "Arabic digits": ("SE٤٥٥٠٠٠٠٠٠٠٠٥٨٣٩٨٢٥٧٤٦٦", "digits of another script"),
    "full width digits": ("SE４５50000000058398257466", "digits of another script"),
    "Cyrillic letters": ("ЅЕ4550000000058398257466", "letters that only look like A–Z"),
    "emoji": ("SE45🙂", "letters that only look like A–Z"),
    "masked": ("•••• 7466", "Enter the whole number again"),
    "masked with stars": ("****7466", "Enter the whole number again"),
    "too long": ("9" * 10_000, "longer than any such number"),
    "two IBANs": (f"{IBAN} {IBAN}", "too short or too long"),
    "words": ("my bank account", "belongs to another country"),
}


@pytest.mark.parametrize(("typed", "says"), PASTED.values(), ids=PASTED)
def test_what_is_pasted_gets_a_clear_message_and_changes_nothing(
    as_: As, ines: User, payout: PayoutProfile, typed: str, says: str
) -> None:
    browser = as_(ines)
    fields = TYPED | {"iban": typed, "account_holder": "Norrsken B", "seen": "1"}
    page = text_of(browser.post(edit_url(payout), fields))
    place = page[page.index('id="field-iban"') :]
    assert says in place and (typed not in page or "•" in typed)  # the saved number is shown by its mask
    assert says in text_of(browser.post(reverse("payout_check", args=["iban"]), fields))
    payout.refresh_from_db()
    assert payout.latest is not None and payout.latest.number == 1
    assert payout.latest.read_identifiers() == {"iban": IBAN}


@pytest.mark.rule("TAX-1")
@pytest.mark.parametrize(
    ("typed", "says"), [PASTED[name] for name in ("zero-width", "NUL", "full width digits", "masked", "too long")]
)
def test_tax_numbers_are_no_exception(as_: As, ines: User, typed: str, says: str) -> None:
    answer: Any = as_(ines).post(reverse("tax_check", args=["orgnr"]), {"country": "SE", "orgnr": typed})
    assert says in text_of(answer) and typed not in text_of(answer)


SPACES = st.sampled_from([" ", "\u00a0", "\u2009", "\u202f", "\t", "  "])
RIGHT_OR_WRONG = sorted({(kind, country, number) for kind, country, number, _right in EXAMPLES if number.isascii()})


@settings(max_examples=400)
@given(example=st.sampled_from(RIGHT_OR_WRONG), data=st.data())
def test_spaces_and_case_never_change_the_verdict(example: tuple[str, str, str], data: st.DataObject) -> None:
    kind, country, number = example
    written = number
    for _gap in range(data.draw(st.integers(0, 5))):
        at = data.draw(st.integers(0, len(written)))
        written = written[:at] + data.draw(SPACES) + written[at:]
    written = data.draw(st.sampled_from([written, written.lower(), written.upper()]))
    before, after = check(kind, number, country), check(kind, written, country)
    assert (before.ok, before.code, before.value) == (after.ok, after.code, after.value)


@settings(max_examples=400)
@given(example=st.sampled_from(RIGHT_OR_WRONG))
def test_without_separators_a_right_number_is_still_right(example: tuple[str, str, str]) -> None:
    kind, country, number = example
    found = check(kind, number, country)
    bare = "".join(char for char in number if char not in " -./")
    if found.ok:
        assert check(kind, bare, country).value == found.value
        assert check(kind, found.value, country).value == found.value
    elif kind not in DASHED:
        assert not check(kind, bare, country).ok


COUNTRIES = st.sampled_from(sorted({*tax.BY_COUNTRY, *tax.EU, *bank.DOMESTIC, "PH", "ZZ", "XI", "", "é", "S\0"}))


@settings(max_examples=600)
@given(kind=st.sampled_from([*all_kinds(), "no-such", ""]), country=COUNTRIES, typed=st.text(max_size=120))
def test_no_text_breaks_a_check(kind: str, country: str, typed: str) -> None:
    found = check(kind, typed, country)
    assert found.ok or (found.code in REASONS and found.value == "")


@settings(max_examples=600)
@given(kind=st.sampled_from(sorted({*MODULES, *FORMATS})), typed=st.text("0123456789ABCEJKTVXÑ-./ ", max_size=24))
def test_nothing_that_looks_like_a_tax_number_breaks_a_check(kind: tuple[str, str], typed: str) -> None:
    found = check(kind[0], typed, kind[1])
    assert found.ok or found.code in REASONS


@settings(max_examples=300)
@given(country=COUNTRIES, values=st.dictionaries(st.sampled_from(sorted(KINDS)), st.text(max_size=40)))
def test_no_details_break_the_checks_of_a_whole_profile(country: str, values: dict[str, str]) -> None:
    for method in ("bank_transfer", "credit_note"):
        assert all(
            one.ok or one.code in REASONS for one in check_bank_details(values, country=country, payment_method=method).values()
        )
    for who in ("company", "sole_trader"):
        assert all(one.ok or one.code in REASONS for one in check_tax_numbers(values, country=country, classification=who).values())


@given(st.text("0123456789ABCXYZabcxyz", min_size=1, max_size=40))
def test_what_needs_nothing_done_to_it_is_read_like_what_does(typed: str) -> None:
    assert plain(typed) == plain(" ".join(typed)) == plain(f"{typed}-") == typed.upper()
