"""Single sign-on through a real browser and a real OpenID provider, under the portal's own content security policy."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest
from django.core.cache import cache
from django.urls import reverse
from oidc_provider_mock import run_server_in_thread
from playwright.sync_api import Page, expect

from accounts.models import Directory, GroupMapping, MailDomain, Partner, RoleAssignment, User
from accounts.roles import PartnerRole
from incentives_portal.core import clock
from tests import factories as make
from tests.accounts import name_server
from tests.accounts.test_in_a_browser import loud, signed_in
from tests.browser import OpenPage
from tests.design.test_look import violations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.rule("ACC-5"),
    pytest.mark.django_db(transaction=True),
    # The provider's own: it calls what its library will drop.
    pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning"),
]
NORA = "nora@norrsken.example"


@pytest.fixture
def provider() -> Iterator[str]:
    """The issuer of a provider on loopback."""
    cache.clear()
    with run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


def tell(provider: str, **claims: Any) -> None:
    """What the provider says of Nora from now on."""
    body = json.dumps({"email": NORA, "name": "Nora Ny", **claims}).encode()
    request = Request(f"{provider}/users/nora", data=body, method="PUT", headers={"Content-Type": "application/json"})
    with urlopen(request) as answer:
        assert answer.status == 204


@pytest.fixture
def partner(transactional_db: None) -> Partner:
    partner = make.PartnerFactory.create(legal_name="Norrsken Data AB")
    make.LocationFactory.create(partner=partner, name="Norrsken Göteborg")
    return partner


@pytest.fixture
def directory(partner: Partner, provider: str, live_server: Any, settings: Any) -> Directory:
    settings.PORTAL_URL = live_server.url
    directory = Directory.objects.create(
        partner=partner, issuer=provider, client_id="portal", client_secret="secret", is_sign_in_on=True
    )
    MailDomain.objects.create(directory=directory, domain="norrsken.example", proven_at=clock.now())
    for group, role in (("Payouts", PartnerRole.INCENTIVES_ADMIN), ("Readers", PartnerRole.INCENTIVES_USER)):
        GroupMapping.objects.create(directory=directory, group=group, role=role, entire_organization=True)
    return directory


def walk(page: Page, *, deny: bool = False) -> None:
    """From the sign-in page to the provider and back."""
    page.goto(reverse("account_login"))
    page.get_by_role("link", name="Sign in with your company").click()
    page.get_by_label("Work e-mail address").fill(NORA)
    page.get_by_role("button", name="Go on").click()
    page.get_by_placeholder("sub").fill("nora")
    page.get_by_role("button", name="Deny" if deny else "Authorize").click()


def held() -> set[str]:
    return set(RoleAssignment.objects.filter(membership__user__email=NORA, ended_at=None).values_list("role", flat=True))


@pytest.mark.parametrize("javascript", [True, False])
def test_a_person_signs_in_and_a_changed_group_changes_the_role(
    directory: Directory, provider: str, browser_page: OpenPage, javascript: bool
) -> None:
    tell(provider, groups=["Payouts"])
    page = browser_page(javascript=javascript)
    complaints = loud(page)
    walk(page)
    expect(page.get_by_role("heading", name="Welcome, Nora Ny")).to_be_visible()
    assert held() == {PartnerRole.INCENTIVES_ADMIN}
    tell(provider, groups=["Readers"])
    again = browser_page(javascript=javascript)
    walk(again)
    expect(again.get_by_role("heading", name="Welcome, Nora Ny")).to_be_visible()
    assert held() == {PartnerRole.INCENTIVES_USER}
    assert [words for words in complaints if "Content Security Policy" in words] == []


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"email": "nora@brandt.example"}, "has not proven the mail domain brandt.example"),
        ({"email_verified": False}, "has not verified your e-mail address"),
        ({"email": None}, "did not send your e-mail address"),
    ],
)
def test_refused_in_words(directory: Directory, provider: str, browser_page: OpenPage, claims: dict[str, Any], words: str) -> None:
    tell(provider, **claims)
    page = browser_page()
    walk(page)
    expect(page.get_by_text(words)).to_be_visible()
    assert not User.objects.filter(email__startswith="nora").exists()


def test_declined_at_the_provider(directory: Directory, provider: str, browser_page: OpenPage) -> None:
    page = browser_page()
    walk(page, deny=True)
    expect(page.get_by_text("declined this sign-in")).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize("javascript", [True, False])
def test_a_global_admin_sets_it_up(
    partner: Partner, provider: str, browser_page: OpenPage, live_server: Any, settings: Any, javascript: bool
) -> None:
    settings.PORTAL_URL = live_server.url
    gunnar = make.person("Gunnar Lind", partner, make.GLOBAL_ADMIN)
    page = signed_in(browser_page(javascript=javascript), gunnar, live_server.url)
    complaints = loud(page)
    page.goto(reverse("people"))
    page.get_by_role("link", name="Single sign-on and provisioning").click()
    page.get_by_role("button", name="Set it up").click()
    page.get_by_role("link", name="Connect", exact=True).click()
    page.get_by_label("Issuer").fill(provider)
    page.get_by_label("Client ID").fill("portal")
    page.get_by_label("Client secret").fill("secret")
    page.get_by_role("button", name="Ask it and save").click()
    expect(page.get_by_text("We reached it.")).to_be_visible()
    page.get_by_label("Mail domain", exact=True).fill("norrsken.example")
    page.get_by_role("button", name="Add the domain").click()
    with name_server.running() as names:
        settings.DNS_SERVERS = [names.address]
        names.texts["_incentives-portal.norrsken.example"] = [f"incentives-portal={MailDomain.objects.get().challenge}"]
        page.get_by_role("button", name="Check norrsken.example now").click()
        expect(page.get_by_text("norrsken.example is proven.")).to_be_visible()
    page.get_by_label("People with an address in a proven mail domain can sign in").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Map a group").click()
    page.get_by_label("Group or app role").fill("Payouts")
    page.get_by_label("Incentives admin").check()
    page.get_by_label("One or more locations listed below").check()
    page.get_by_label("Norrsken Göteborg").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row").filter(has_text="Payouts")).to_contain_text("Norrsken Göteborg")
    assert complaints == []
    tell(provider, groups=["Payouts"])
    walk(browser_page(javascript=javascript))
    assert held() == {PartnerRole.INCENTIVES_ADMIN}


@pytest.mark.parametrize(
    ("scheme", "language", "viewport"), [("light", "en", (1280, 900)), ("dark", "sv", (320, 844)), ("dark", "en", (390, 844))]
)
def test_axe_finds_nothing(
    directory: Directory, browser_page: OpenPage, live_server: Any, scheme: str, language: str, viewport: tuple[int, int]
) -> None:
    gunnar = make.person("Gunnar Lind", directory.partner, make.GLOBAL_ADMIN, language=language)
    MailDomain.objects.create(directory=directory, domain="a-rather-long-name-of-a-company.norrsken.example")
    mapping = GroupMapping.objects.get(group="Readers")
    GroupMapping.objects.filter(pk=mapping.pk).update(group="5d1c2b3a-0f7e-4a57-9c1d-8d41c0a9f2e7")
    page = signed_in(browser_page(color_scheme=scheme, viewport=viewport), gunnar, live_server.url)
    stranger = browser_page(color_scheme=scheme, viewport=viewport, locale=f"{language}-SE")
    complaints = loud(page)
    visits = [
        (page, reverse("sign_in_settings")),
        (page, reverse("sign_in_provider")),
        (page, reverse("group_mapping_new")),
        (page, reverse("group_mapping", args=[mapping.pk])),
        (stranger, reverse("single_sign_on")),
        (stranger, reverse("single_sign_on_return", args=[directory.key])),
    ]
    for looked_at, path in visits:
        looked_at.goto(path)
        assert violations(looked_at) == [], path
        assert looked_at.evaluate("document.documentElement.scrollWidth") <= viewport[0], path
    assert complaints == []
