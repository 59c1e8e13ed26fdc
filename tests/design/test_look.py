"""The design language in a real browser: accessible in both schemes and languages, and no wider than the screen."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = ["/demo/styleguide/", "/demo/styleguide/?errors=1", "/accounts/login/", "/accounts/password/reset/", "/nowhere/"]
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[Any]:
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": LEVELS}}).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


@pytest.mark.parametrize(
    ("scheme", "locale", "viewport"),
    [
        ("light", "en-GB", (1280, 900)),
        ("dark", "en-GB", (390, 844)),
        ("light", "sv-SE", (390, 844)),
        ("dark", "sv-SE", (1280, 900)),
    ],
)
def test_axe_finds_nothing(browser_page: OpenPage, scheme: str, locale: str, viewport: tuple[int, int]) -> None:
    page = browser_page(color_scheme=scheme, locale=locale, viewport=viewport)
    for path in PAGES:
        page.goto(path)
        assert violations(page) == [], path


def test_nothing_but_tables_scrolls_sideways(browser_page: OpenPage) -> None:
    page = browser_page(viewport=(320, 640))
    for path in PAGES:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path


def test_an_error_summary_takes_the_focus_and_leads_to_the_field(browser_page: OpenPage) -> None:
    page = browser_page()
    page.goto("/demo/styleguide/?errors=1")
    assert page.evaluate("document.activeElement.className") == "error-summary"
    page.get_by_role("link", name="Account holder:").click()
    assert page.evaluate("document.activeElement.id") == "id_holder"


def test_one_box_ticks_all(browser_page: OpenPage) -> None:
    page = browser_page()
    page.goto("/demo/styleguide/")
    page.get_by_label("Select all").check()
    assert page.locator("input[name=row]:checked").count() == page.locator("input[name=row]").count() > 1


def test_menus_open_without_javascript(browser_page: OpenPage) -> None:
    page = browser_page(javascript=False)
    page.goto("/demo/styleguide/")
    page.get_by_text("Why do you ask for this?").click()
    assert page.get_by_text("The bank refuses payments").is_visible()
