"""The pages of profiles and reviews in a real browser: accessible, and better with scripts."""

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import Location, User
from profiles.models import PayoutProfile, TaxProfile
from profiles.services import defaults, payouts, validations

from .conftest import IBAN, OTHER_IBAN, payout_fields

pytestmark = pytest.mark.browser
As = Callable[[User], Client]
SignedIn = Callable[..., Page]


@pytest.fixture
def look(transactional_db: None, browser_page: Any, as_: As, live_server: Any) -> SignedIn:
    """`look(ines)`: a page of a browser in which she is signed in."""

    def open_page(user: User, **options: Any) -> Page:
        page: Page = browser_page(**options)
        name = django_settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": as_(user).cookies[name].value, "url": live_server.url}])
        return page

    return open_page


def no_violations(page: Page, name: str) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
    found = Axe().run(page).response["violations"]
    assert found == [], f"{name}: {[(rule['id'], [node['html'] for node in rule['nodes']]) for rule in found]}"


@pytest.mark.parametrize(("scheme", "language", "width"), [("light", "en", 1280), ("dark", "sv", 390)])
def test_every_page_is_accessible(
    transactional_db: None,
    look: SignedIn,
    ines: User,
    rita: User,
    location: Location,
    payout: PayoutProfile,
    tax: TaxProfile,
    submitted: Any,
    scheme: str,
    language: str,
    width: int,
) -> None:
    User.objects.update(language=language)
    defaults.set_default(locations=[location], payout_profile=payout, currency="SEK", by=ines)
    validations.reject(
        validation=submitted(payout), reasons=[("account_holder", "holder_differs_from_legal_name", "As registered.")], by=rita
    )
    fields = payout_fields(name="Nordea account", account_holder="Somebody Else GmbH")
    other = payouts.create(partner=location.partner, by=ines, **fields)
    fields = payout_fields(name="Nordea account", account_holder="Somebody Else AB", identifiers={"iban": OTHER_IBAN})
    waiting = submitted(payouts.change(profile=other, seen_version=1, by=ines, **fields))
    submitted(tax)
    validations.check_due()
    options = {"color_scheme": scheme, "viewport": (width, 900)}
    page = look(ines, **options)
    addresses = {
        "profiles": reverse("profiles"),
        "payout_new": f"{reverse('payout_new')}?next=/incentives/x/",
        "payout": reverse("payout", args=[payout.pk]),
        "payout_edit": reverse("payout_edit", args=[payout.pk]),
        "tax": reverse("tax", args=[tax.pk]),
        "tax_edit": reverse("tax_edit", args=[tax.pk]),
        "defaults": reverse("defaults"),
    }
    for name, address in addresses.items():
        page.goto(address)
        no_violations(page, f"{name}-{scheme}")
    page.goto(reverse("payout_edit", args=[payout.pk]))
    page.locator('input[name="account_holder"]').fill("")
    page.locator('input[name="iban"]').fill("SE00")
    page.locator(".form .buttons button:not([name])").click()
    no_violations(page, f"payout_errors-{scheme}")
    page = look(rita, **options)
    for name, address in {"reviews": reverse("reviews"), "review": reverse("review", args=[waiting.pk])}.items():
        page.goto(address)
        no_violations(page, f"{name}-{scheme}")


@pytest.mark.rule("PAY-3")
def test_the_bank_appears_while_typing_and_the_fields_follow_the_country(
    transactional_db: None, look: SignedIn, ines: User
) -> None:
    page = look(ines)
    page.goto(reverse("payout_new"))
    page.get_by_label("IBAN").fill(IBAN[:-1] + "7")
    page.get_by_label("IBAN").press("Tab")
    expect(page.locator("#check-iban")).to_contain_text("check digits")
    page.get_by_label("IBAN").fill(IBAN)
    page.get_by_label("IBAN").press("Tab")
    expect(page.locator("#check-iban")).to_contain_text("BIC ESSESESS")
    page.get_by_label("Country of the bank").select_option("US")
    expect(page.get_by_label("Routing number (ABA)")).to_be_visible()
    assert IBAN not in page.url


@pytest.mark.rule("PAY-1")
@pytest.mark.parametrize("javascript", [True, False])
def test_ines_adds_an_account_with_and_without_scripts(
    transactional_db: None, look: SignedIn, ines: User, javascript: bool
) -> None:
    page = look(ines, javascript=javascript)
    page.goto(reverse("payout_new"))
    page.get_by_label("Profile name").fill("Dollar account")
    page.get_by_label("Country of the bank").select_option("US")
    if not javascript:
        page.get_by_role("button", name="Show the fields of this country").click()
    page.get_by_label("Routing number (ABA)").fill("111000025")
    page.get_by_label("Account number").fill("000123456789")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dollar account")
    version = PayoutProfile.objects.get().latest
    assert version is not None
    assert version.read_identifiers() == {"routing": "111000025", "account": "000123456789", "account_type": "checking"}
    assert isinstance(version.created_at, dt.datetime)
