"""The account holder is compared with the company's legal name, and what differs is explained (rule PAY-3)."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from profiles.account_holders import about_holder
from profiles.company_names import compare
from profiles.models import PayoutProfile

from .test_payout_pages import TYPED, text_of

pytestmark = pytest.mark.rule("PAY-3")

As = Callable[[User], Client]
LEGAL = "Norrsken Data AB"


@pytest.mark.parametrize(
    ("typed", "kind", "says"),
    [
        (LEGAL, "same", "This is the company's legal name."),
        ("NORRSKEN DATA aktiebolag", "spelled", "only case, punctuation or the legal form differ"),
        ("Norsken Data AB", "close", "“Norsken” stands for “Norrsken”."),
        ("Norrsken AB", "close", "Missing here: Data."),
        ("Norrsken Data Consulting AB", "close", "Only here: Consulting."),
        ("Norrskendata AB", "close", "not the same"),
        ("Elin Holm", "different", "accounts of the company itself"),
        ("北光データ株式会社", "other_script", "another script"),
    ],
)
def test_what_differs_is_named(typed: str, kind: str, says: str) -> None:
    found = about_holder(typed, LEGAL)
    assert found and compare(typed, LEGAL).kind == kind
    assert says in found.whole and found.fine is (kind in ("same", "spelled"))


def test_nothing_is_said_of_an_empty_name_and_no_number_is_repeated() -> None:
    assert about_holder("  ", LEGAL) is None
    found = about_holder("Norrsken Data 50000000058398257466", LEGAL)
    assert found and "58398257466" not in found.whole


@given(st.text(max_size=140), st.text(max_size=140))
def test_no_name_breaks_the_comparison(one: str, other: str) -> None:
    about_holder(one, other)


def test_while_typing_the_difference_is_shown(as_: As, ines: User) -> None:
    url = reverse("payout_check", args=["account_holder"])
    assert "Missing here: Data." in text_of(as_(ines).post(url, {"account_holder": "Norrsken AB"}))
    assert "legal name" in text_of(as_(ines).post(url, {"account_holder": LEGAL}))
    assert text_of(as_(ines).post(url, {"account_holder": ""})).strip() == ""


def test_it_is_explained_at_saving_and_blocks_nothing(as_: As, ines: User) -> None:
    page = text_of(as_(ines).post(reverse("payout_new"), TYPED | {"account_holder": "Norrsken AB"}, follow=True))
    assert "Account holder: This is close to the company's legal name, Norrsken Data AB" in page
    assert PayoutProfile.objects.count() == 1


def test_without_scripts_it_is_explained_on_the_page(as_: As, ines: User) -> None:
    typed = TYPED | {"account_holder": "Norrsken AB", "iban": "SE45", "show": "1"}
    assert "Missing here: Data." in text_of(as_(ines).post(reverse("payout_new"), typed))
