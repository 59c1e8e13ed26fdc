"""Two tabs of somebody who belongs to two partners, in a real browser."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import Location, Partner, User
from profiles.models import PayoutProfile
from tests import factories as make
from tests.browser import OpenPage
from tests.design.test_look import violations
from tests.enrollment import stages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.rule("ACC-6"), pytest.mark.rule("ACC-8")]
As = Callable[[User], Client]


@pytest.fixture
def tab(
    transactional_db: None, browser_page: OpenPage, as_: As, live_server: Any, ines: User, partner: Partner, other_partner: Partner
) -> Page:
    """A tab of Ines, who speaks for the first of her two partners."""
    make.give_role(ines, other_partner, make.INCENTIVES_ADMIN)
    client, page = as_(ines), browser_page()
    client.post(reverse("switch_partner"), {"partner": partner.pk})
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    return page


def switch(page: Page, base: str, partner: Partner) -> None:
    """Switches in another tab."""
    other = page.context.new_page()
    other.goto(base + reverse("my_roles"))
    other.locator("details.menu summary strong").click()
    other.locator(".menu-sheet").get_by_role("button", name=partner.legal_name).click()
    other.wait_for_url(base + "/")
    other.close()


def test_what_was_typed_is_saved_where_it_was_meant(
    tab: Page, live_server: Any, partner: Partner, other_partner: Partner, location: Location
) -> None:
    tab.goto(reverse("payout_new"))
    tab.locator("[name=name]").fill("SEB account")
    tab.locator("[name=account_holder]").fill(partner.legal_name)
    tab.locator("[name=iban]").fill("SE4550000000058398257466")
    switch(tab, live_server.url, other_partner)
    tab.locator("main form button.button[type=submit], main form button.button:not([type]):not([name])").last.click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Nothing was saved")
    assert violations(tab) == []
    assert not PayoutProfile.objects.exists()
    tab.get_by_role("button", name="Switch to Norrsken Data AB and send it again").click()
    expect(tab.get_by_text("•••• 7466").first).to_be_visible()
    assert PayoutProfile.objects.get().partner == partner


def test_choosing_a_country_in_the_old_tab_asks_first_too(
    tab: Page, live_server: Any, partner: Partner, other_partner: Partner, location: Location
) -> None:
    tab.goto(reverse("payout_new"))
    tab.locator("[name=name]").fill("SEB account")
    switch(tab, live_server.url, other_partner)
    tab.locator("[name=bank_country]").select_option("DE")
    tab.get_by_role("button", name="Switch to Norrsken Data AB and send it again").click()
    expect(tab.locator("[name=name]")).to_have_value("SEB account")
    expect(tab.locator("[name=bank_country]")).to_have_value("DE")
    expect(tab.locator("details.menu summary strong").first).to_contain_text(partner.legal_name)
    assert not PayoutProfile.objects.exists()


def test_the_overview_of_an_old_tab_is_loaded_anew(
    tab: Page, live_server: Any, other_partner: Partner, location: Location, other_location: Location
) -> None:
    for place in (location, other_location):
        stages.invited(place, make.ProgramFactory.create(name_en=f"Of {place.name}"))
    tab.goto(reverse("overview"))
    switch(tab, live_server.url, other_partner)
    expect(tab.locator("main")).to_contain_text(location.name)
    tab.locator("#q").fill("5")
    tab.locator("#q").press("Enter")
    expect(tab.locator("main")).to_contain_text(other_location.name)
    expect(tab.locator("main")).not_to_contain_text(location.name)
    expect(tab.locator("header details.menu summary strong").first).to_have_text(other_partner.legal_name)
