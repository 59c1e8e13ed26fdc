"""The grids of locations in a real browser: by keyboard, with JavaScript and without (rule ACC-4)."""

import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import Location, RoleAssignment, User
from accounts.roles import PartnerRole
from tests import factories as make
from tests.accounts.test_in_a_browser import loud, member, signed_in
from tests.browser import OpenPage
from tests.design.test_look import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def team(transactional_db: None) -> dict[str, Any]:
    """A partner with 400 locations in two countries."""
    partner = make.PartnerFactory.create(legal_name="Norrsken Data AB")
    places = Location.objects.bulk_create(
        Location(partner=partner, mpn_id=str(6_000_000 + n), name=f"Kontor {n:03}", city="Oslo", country="NO" if n % 4 else "SE")
        for n in range(400)
    )
    return {
        "places": places,
        "gunnar": make.person("Gunnar Lind", partner, make.GLOBAL_ADMIN),
        "ulf": make.person("Ulf Berg", partner, make.INCENTIVES_USER, places[0]),
    }


def held(user: User, role: str) -> int:
    return RoleAssignment.objects.get(membership__user=user, role=role, ended_at=None).listed.count()


@pytest.mark.rule("ACC-4")
@pytest.mark.parametrize("javascript", [True, False])
def test_all_of_a_country_for_one_role(team: dict[str, Any], browser_page: OpenPage, live_server: Any, javascript: bool) -> None:
    page = signed_in(browser_page(javascript=javascript), team["gunnar"], live_server.url)
    complaints = loud(page)
    page.goto(reverse("role_edit", args=[member(team["ulf"]).pk, make.INCENTIVES_ADMIN]))
    page.get_by_role("button", name="All of Sweden (100)").click()
    expect(page.locator("[data-grid-count]")).to_have_text("100")
    page.get_by_label("Partner ID, name or city").fill("6000001")
    if not javascript:
        page.get_by_role("button", name="Search").click()
    expect(page.locator(".role-grid tbody tr:visible")).to_have_count(1)
    page.get_by_role("button", name="Tick all shown").click()
    expect(page.locator("[data-grid-count]")).to_have_text("101")
    page.get_by_label("One or more locations listed below").check()
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_text("the role Incentives admin is saved")).to_be_visible()
    assert held(team["ulf"], PartnerRole.INCENTIVES_ADMIN) == 101
    assert complaints == []


@pytest.mark.rule("ACC-4")
@pytest.mark.parametrize("javascript", [True, False])
def test_the_role_grid(team: dict[str, Any], browser_page: OpenPage, live_server: Any, javascript: bool) -> None:
    page = signed_in(browser_page(javascript=javascript), team["gunnar"], live_server.url)
    complaints = loud(page)
    page.goto(reverse("role_grid"))
    page.locator("#add").select_option(label=f"Ulf Berg ({team['ulf'].email})")
    page.get_by_role("button", name="Add to the grid").click()
    assert page.locator("tbody select").count() == 400
    page.locator("#fill-where").select_option("SE")
    page.locator("#fill-role").select_option("a")
    page.get_by_role("button", name="Fill", exact=True).click()
    expect(page.locator("[data-grid-count]")).to_have_text("100")
    page.get_by_label("Partner ID, name or city").fill("6000003")
    if not javascript:
        page.get_by_role("button", name="Search").click()
    expect(page.locator("tbody tr:visible")).to_have_count(1)
    cell = page.get_by_role("combobox", name=re.compile("^Kontor 003.*Ulf Berg"))
    cell.focus()
    page.keyboard.press("u")
    expect(cell).to_have_value("u")
    if javascript:
        expect(page.locator("[data-grid-count]")).to_have_text("101")
        assert violations(page) == []
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("101 cells are saved")).to_be_visible()
    assert held(team["ulf"], PartnerRole.INCENTIVES_ADMIN) == 100
    assert held(team["ulf"], PartnerRole.INCENTIVES_USER) == 1
    assert complaints == []
