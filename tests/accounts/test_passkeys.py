"""Passkeys in a real browser, with an authenticator that Chromium plays: set up, sign in with, confirm with, remove."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.core import context
from allauth.mfa.models import Authenticator
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import Partner, User
from accounts.sign_in import SecondFactorAdapter
from incentives_portal.core.models import Mail
from tests import factories as make
from tests.browser import OpenPage
from tests.pages.visiting import LOCALES, Watch, sign_in
from tests.signing_in import app_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Page]


@pytest.fixture
def by_name(browser_page: OpenPage, live_server: Any, settings: Any) -> Open:
    """The portal by its name: a browser knows no passkeys at an address of numbers."""
    settings.PORTAL_URL = live_server.url

    def open_page(user: User) -> Page:
        page = browser_page(locale=LOCALES["en"])
        page.watch = Watch(page, live_server.url)  # type: ignore[attr-defined]
        sign_in(page, user, live_server.url)
        return page

    return open_page


def plug_in(page: Page) -> Any:
    """Gives the browser an authenticator that says yes by itself."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def add_passkey(page: Page, name: str = "Phone") -> None:
    page.goto(reverse("mfa_index"))
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name of the passkey").fill(name)
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")


@pytest.fixture
def gunnar(partner: Partner) -> User:
    return make.person("Gunnar Lind", partner, make.GLOBAL_ADMIN)


@pytest.mark.rule("ACC-9")
def test_a_passkey_signs_in_without_a_password(by_name: Open, gunnar: User) -> None:
    page = by_name(gunnar)
    plug_in(page)
    add_passkey(page)
    key = Authenticator.objects.get(user=gunnar, type="webauthn")
    assert key.wrap().name == "Phone" and key.wrap().is_passwordless
    assert "passkey was added" in Mail.objects.get(to=gunnar.email).text
    page.locator("details.menu summary").last.click()
    page.get_by_role("button", name="Sign out").click()
    page.goto(reverse("account_login") + "?next=" + reverse("invite_person"))
    page.get_by_role("button", name="Sign in with a passkey").click()
    # It was a second factor and is fresh: the page that asks for one opens at once.
    page.wait_for_url("**" + reverse("invite_person"))
    assert page.watch.errors == page.watch.foreign == []  # type: ignore[attr-defined]


@pytest.mark.rule("ACC-9")
def test_it_confirms_too_and_can_be_renamed_and_removed(by_name: Open, gunnar: User, settings: Any) -> None:
    page = by_name(gunnar)
    plug_in(page)
    add_passkey(page)
    settings.FRESH_SECOND_FACTOR_SECONDS = 0
    page.goto(reverse("invite_person"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    settings.FRESH_SECOND_FACTOR_SECONDS = 300
    page.goto(reverse("mfa_reauthenticate_webauthn") + "?next=" + reverse("mfa_list_webauthn"))
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**" + reverse("mfa_list_webauthn"))
    page.get_by_role("link", name=re.compile("Rename")).click()
    page.get_by_label("Name of the passkey").fill("Key ring")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("cell", name="Key ring Signs in")).to_be_visible()
    page.get_by_role("link", name=re.compile("Remove")).click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No passkeys yet")).to_be_visible()
    assert not Authenticator.objects.filter(user=gunnar).exists()
    assert Mail.objects.filter(to=gunnar.email, text__contains="passkey was removed").exists()
    assert page.watch.errors == []  # type: ignore[attr-defined]


@pytest.mark.rule("ACC-9")
def test_the_second_step_of_signing_in_takes_a_passkey_or_a_code(by_name: Open, gunnar: User) -> None:
    app_of(gunnar)
    page = by_name(gunnar)
    plug_in(page)
    page.goto(reverse("mfa_add_webauthn"))
    page.get_by_label("Name of the passkey").fill("Phone")
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**" + reverse("mfa_index"))
    page.context.clear_cookies()
    page.goto(reverse("account_login"))
    page.get_by_label("E-mail address").fill(gunnar.email)
    page.get_by_label("Password").fill(make.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("Code")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile(r"localhost:\d+/$"))
    assert page.watch.errors == []  # type: ignore[attr-defined]


@pytest.mark.rule("ACC-9")
def test_what_was_typed_comes_through_a_passkey(by_name: Open, gunnar: User, settings: Any) -> None:
    page = by_name(gunnar)
    plug_in(page)
    add_passkey(page)
    page.goto(reverse("invite_person"))
    page.get_by_label("E-mail address").fill("nora@x.example")
    settings.FRESH_SECOND_FACTOR_SECONDS = 0
    page.locator("main form .buttons button").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    settings.FRESH_SECOND_FACTOR_SECONDS = 300
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("nora@x.example is invited")).to_be_visible()
    assert page.watch.errors == []  # type: ignore[attr-defined]


@pytest.mark.rule("ACC-9")
def test_where_there_can_be_none_the_page_says_so(browser_page: OpenPage, gunnar: User, live_server: Any) -> None:
    page = browser_page(locale=LOCALES["en"])
    by_number = live_server.url.replace("localhost", "127.0.0.1")
    sign_in(page, gunnar, by_number)
    page.goto(by_number + reverse("mfa_add_webauthn"))
    expect(page.get_by_text("Passkeys cannot be used here")).to_be_visible()
    expect(page.get_by_role("button", name="Add")).to_be_hidden()
    page.context.clear_cookies()
    page.goto(by_number + reverse("account_login"))
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()


@pytest.mark.rule("ACC-9")
def test_passkeys_belong_to_the_portals_name(rf: Any, settings: Any) -> None:
    def name(portal: str, host: str) -> str:
        settings.PORTAL_URL, settings.ALLOWED_HOSTS = portal, ["*"]
        with context.request_context(rf.get("/", headers={"host": host})):
            return SecondFactorAdapter().get_public_key_credential_rp_entity()["id"]

    assert name("https://portal.example", "evil.example") == "portal.example"
    assert name("http://127.0.0.1:8000", "localhost:8000") == "localhost"
