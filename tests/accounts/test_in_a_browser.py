"""User management and Django admin in a real browser: with and without JavaScript, in both languages and schemes."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import Location, Membership, Partner, RoleAssignment, User
from accounts.services import team_invitations
from incentives_portal.core.models import Mail
from tests import factories as make
from tests.browser import OpenPage
from tests.design.test_look import violations
from tests.signing_in import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def team(transactional_db: None) -> dict[str, Any]:
    """A partner with two locations, and three people."""
    partner = make.PartnerFactory.create(legal_name="Norrsken Data AB")
    places = [make.LocationFactory.create(partner=partner, name=f"Norrsken {city}", city=city) for city in ("Göteborg", "Umeå")]
    return {
        "partner": partner,
        "places": places,
        "gunnar": make.person("Gunnar Lind", partner, make.GLOBAL_ADMIN),
        "ines": make.person("Ines Duarte", partner, make.INCENTIVES_ADMIN, places[0]),
        "ulf": make.person("Ulf Berg", partner, make.INCENTIVES_USER),
    }


def signed_in(page: Page, user: User, base: str) -> Page:
    cookie = sign_in(Client(), user).cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": base}])
    return page


def loud(page: Page) -> list[str]:
    """What the browser complains about: scripts that fail, and what the content security policy refuses."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def member(user: User) -> Membership:
    return user.memberships.get()


@pytest.mark.parametrize(
    ("scheme", "language", "viewport"), [("light", "en", (1280, 900)), ("dark", "sv", (390, 844)), ("dark", "en", (1280, 900))]
)
def test_axe_finds_nothing(
    team: dict[str, Any], browser_page: OpenPage, live_server: Any, scheme: str, language: str, viewport: tuple[int, int]
) -> None:
    gunnar, ines = team["gunnar"], team["ines"]
    User.objects.update(language=language)
    gunnar.refresh_from_db()
    invitation = {"email": "nora@x.example", "role": make.INCENTIVES_USER, "entire_organization": True, "language": language}
    team_invitations.invite(partner=team["partner"], by=gunnar, **invitation)
    page = signed_in(browser_page(color_scheme=scheme, viewport=viewport), gunnar, live_server.url)
    complaints = loud(page)
    for path in (
        reverse("people"),
        reverse("person", args=[member(ines).pk]),
        reverse("role_edit", args=[member(ines).pk, make.INCENTIVES_ADMIN]),
        reverse("role_edit", args=[member(ines).pk, make.GLOBAL_ADMIN]),
        reverse("invite_person"),
    ):
        page.goto(path)
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport[0], path
    link = re.search(r"http\S+(/join/\S+/)", Mail.objects.get().text)
    assert link
    stranger = browser_page(color_scheme=scheme, viewport=viewport, locale=f"{language}-SE")
    for path in (link[1], "/join/nothing/"):
        stranger.goto(path)
        assert violations(stranger) == [], path
    assert complaints == []
    ulf = signed_in(browser_page(color_scheme=scheme, viewport=viewport), team["ulf"], live_server.url)
    ulf.goto(reverse("people"))
    assert violations(ulf) == []


@pytest.mark.rule("ACC-4")
@pytest.mark.parametrize("javascript", [True, False])
def test_a_role_for_one_location_in_the_portal(
    team: dict[str, Any], browser_page: OpenPage, live_server: Any, javascript: bool
) -> None:
    page = signed_in(browser_page(javascript=javascript), team["gunnar"], live_server.url)
    page.goto(reverse("people"))
    page.get_by_role("link", name="Ulf Berg").click()
    page.get_by_role("link", name="Assign Incentives admin").click()
    page.get_by_label("One or more locations listed below").check()
    page.get_by_label("Norrsken Umeå").check()
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_text("Ulf Berg: the role Incentives admin is saved.")).to_be_visible()
    held = RoleAssignment.objects.get(membership__user=team["ulf"], role=make.INCENTIVES_ADMIN)
    assert held.locations.get().name == "Norrsken Umeå"


@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize("javascript", [True, False])
def test_a_role_for_one_location_in_django_admin(
    team: dict[str, Any], browser_page: OpenPage, live_server: Any, javascript: bool
) -> None:
    other: Partner = make.PartnerFactory.create(legal_name="Brandt Systeme GmbH")
    elsewhere: Location = make.LocationFactory.create(partner=other, name="Brandt Köln")
    nina = make.MembershipFactory.create(user=make.UserFactory.create(name="Nina Ny"), partner=team["partner"]).user
    program = make.ProgramFactory.create(open=True)
    for place in (*team["places"], elsewhere):
        make.EnrollmentFactory.create(location=place, program=program)
    page = signed_in(browser_page(javascript=javascript), team["gunnar"], live_server.url)
    complaints = loud(page)
    page.goto(reverse("admin:accounts_roleassignment_add"))
    assert elsewhere.name not in page.content()
    page.get_by_label("Person").select_option(label=f"Nina Ny ({nina.email})")
    page.locator("#id_role").select_option(make.INCENTIVES_ADMIN)
    if javascript:
        page.locator("#id_listed_locations_from").select_option(label=str(team["places"][1]))
        page.locator("#id_listed_locations_add, #id_listed_locations_add_link").first.click()
    else:
        page.locator("#id_listed_locations").select_option(label=str(team["places"][1]))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    assert complaints == []

    hers = signed_in(browser_page(javascript=javascript), nina, live_server.url)
    hers.goto(reverse("overview"))
    assert "Umeå" in hers.content()
    for hidden in ("Göteborg", "Brandt"):
        assert hidden not in hers.content()
