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
    show = page.get_by_role("button", name="Show the fields of this country")
    if javascript:
        expect(show).to_be_hidden()
    else:
        show.click()
    page.get_by_label("Routing number (ABA)").fill("111000025")
    page.get_by_label("Account number").fill("000123456789")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dollar account")
    version = PayoutProfile.objects.get().latest
    assert version is not None
    assert version.read_identifiers() == {"routing": "111000025", "account": "000123456789", "account_type": "checking"}
    assert isinstance(version.created_at, dt.datetime)


@pytest.mark.rule("VAL-2")
def test_reviewers_go_through_the_queue_by_keys_and_turn_them_off(
    transactional_db: None, look: SignedIn, ines: User, rita: User, location: Location, submitted: Any, settings: Any
) -> None:
    settings.AUTOMATIC_APPROVAL = False
    for name in ("First", "Second"):
        submitted(payouts.create(partner=location.partner, by=ines, **payout_fields(name=name)))
    page = look(rita)
    page.goto(reverse("reviews"))
    rows = page.locator("[data-row]")
    for key, row in (("j", 0), ("j", 1), ("k", 0)):
        page.keyboard.press(key)
        expect(rows.nth(row)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/reviews/*-*/")
    first = page.url
    page.keyboard.press("r")
    expect(page.locator("form[data-key=r]")).to_be_focused()
    page.keyboard.press("a")
    approve = page.get_by_role("button", name="Approve")
    expect(approve).to_be_focused()
    # No key decides, and none is taken from who is typing.
    assert page.url == first
    note = page.locator("[name=note_iban]")
    note.press_sequentially("ajar")
    expect(note).to_have_value("ajar")
    approve.focus()
    page.keyboard.press("?")
    expect(page.locator("[data-shortcuts]")).to_have_attribute("open", "")
    page.keyboard.press("n")
    page.wait_for_function("first => location.href !== first", arg=first)
    page.keyboard.press("?")
    page.get_by_label("Use these keys on this device").uncheck()
    page.reload()
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Approve")).not_to_be_focused()


@pytest.mark.rule("VAL-2")
@pytest.mark.parametrize("javascript", [True, False])
def test_from_decision_to_decision_and_one_taken_back(
    transactional_db: None,
    look: SignedIn,
    ines: User,
    rita: User,
    location: Location,
    submitted: Any,
    settings: Any,
    javascript: bool,
) -> None:
    settings.AUTOMATIC_APPROVAL = False
    for name in ("First", "Second"):
        submitted(payouts.create(partner=location.partner, by=ines, **payout_fields(name=name)))
    page = look(rita, javascript=javascript)
    page.goto(reverse("reviews"))
    page.get_by_role("link", name="Next validation").click()
    page.get_by_role("button", name="Work on this").click()
    expect(page.get_by_text("Yours until")).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Second")
    expect(page.get_by_text("You have just decided on “First”")).to_be_visible()
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("Your decision is taken back")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("First")
