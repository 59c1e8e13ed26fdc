"""Default bank profiles (rule PAY-2)."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, Partner, User
from incentives_portal.core.models import AuditEntry
from profiles.errors import ArchivedError, ProfileError
from profiles.models import DefaultBankProfile, PayoutProfile
from profiles.services import defaults, payouts

from .conftest import payout_fields

As = Callable[[User], Client]


@pytest.fixture
def second(partner: Partner, ines: User) -> PayoutProfile:
    return payouts.create(
        partner=partner, by=ines, **payout_fields(name="Credit notes", payment_method="credit_note", identifiers={})
    )


@pytest.mark.rule("PAY-2")
def test_one_default_per_location_and_moving_says_from_where(
    payout: PayoutProfile, second: PayoutProfile, location: Location, second_location: Location, ines: User
) -> None:
    assert [move.before for move in defaults.set_default(locations=[location], payout_profile=payout, currency="SEK", by=ines)] == [
        ""
    ]
    moves = defaults.set_default(locations=[location, second_location], payout_profile=second, currency="EUR", by=ines)
    assert {move.location: move.before for move in moves} == {location: "SEB account", second_location: ""}
    assert set(DefaultBankProfile.objects.values_list("payout_profile", "currency")) == {(second.pk, "EUR")}
    assert defaults.set_default(locations=[location], payout_profile=second, currency="EUR", by=ines) == []
    entry = AuditEntry.objects.filter(act="default_bank_profile.set", object_id=str(location.pk)).latest("id")
    assert entry.before is not None and entry.before["profile"] == "SEB account"


@pytest.mark.rule("PAY-2")
def test_another_partners_location_or_an_archived_profile_is_refused(
    payout: PayoutProfile, location: Location, other_location: Location, ines: User
) -> None:
    with pytest.raises(ProfileError, match="another partner"):
        defaults.set_default(locations=[location, other_location], payout_profile=payout, currency="SEK", by=ines)
    with pytest.raises(ProfileError, match="currency"):
        defaults.set_default(locations=[location], payout_profile=payout, currency="XXX", by=ines)
    payouts.archive(profile=payout, by=ines)
    with pytest.raises(ArchivedError):
        defaults.set_default(locations=[location], payout_profile=payout, currency="SEK", by=ines)
    assert not DefaultBankProfile.objects.exists()


def page_of(response: Any) -> str:
    return unescape(response.content.decode())


@pytest.mark.rule("PAY-2")
def test_the_page_sets_moves_and_clears(
    as_: As, ines: User, payout: PayoutProfile, second: PayoutProfile, location: Location
) -> None:
    browser, url = as_(ines), reverse("defaults")
    chosen = {"payout_profile": payout.pk, "currency": "SEK", "locations": [location.pk]}
    browser.post(url, chosen)
    assert f"{location} – now SEB account, SEK" in page_of(browser.get(url))
    moved = page_of(browser.post(url, chosen | {"payout_profile": second.pk}, follow=True))
    assert f"{location} moved here from “SEB account”." in moved
    browser.post(url, {"clear": location.pk})
    browser.post(url, {"clear": location.pk})
    browser.post(url, {"clear": "nonsense"})
    assert not DefaultBankProfile.objects.exists()


@pytest.mark.rule("ACC-8")
def test_only_what_is_in_scope_can_be_chosen(
    as_: As, ines: User, otto: User, payout: PayoutProfile, second_location: Location, other_location: Location
) -> None:
    for place in (second_location, other_location):
        as_(ines).post(reverse("defaults"), {"payout_profile": payout.pk, "currency": "SEK", "locations": [place.pk]})
    as_(otto).post(reverse("defaults"), {"payout_profile": payout.pk, "currency": "SEK", "locations": [other_location.pk]})
    as_(otto).post(reverse("defaults"), {"payout_profile": "x", "currency": "", "locations": ["x"]})
    assert not DefaultBankProfile.objects.exists()
    assert payout.name not in page_of(as_(otto).get(reverse("defaults")))
