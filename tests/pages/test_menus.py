"""The menus of the letterhead open where they can be read, on a phone as on a desk."""

import pytest
from django.urls import reverse

from accounts.models import Partner, User
from tests import factories as make
from tests.pages.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = (320, 360, 375, 390, 414, 600, 768, 900, 1024, 1280)
# What an open sheet covers, and what of its own entries doesn't fit into it.
SHEET = """menu => {
    const sheet = menu.querySelector(".menu-sheet"), box = sheet.getBoundingClientRect();
    const spills = [...sheet.children].filter(one => one.scrollWidth > one.clientWidth).length;
    return {left: box.left, right: box.right, top: box.top, under: menu.getBoundingClientRect().bottom, width: box.width, spills};
}"""


@pytest.mark.rule("ACC-6")
@pytest.mark.parametrize("language", ["en", "sv"])
def test_a_menus_sheet_lies_within_the_window(visit: Visit, ines: User, other_partner: Partner, language: str) -> None:
    make.give_role(ines, other_partner, make.INCENTIVES_USER)
    ines.language = language
    ines.save()
    page = visit(ines)
    page.goto(reverse("overview"))
    menus = page.locator(".letterhead .menu")
    assert menus.count() == 2
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 740})
        for menu in menus.all():
            menu.locator("summary").click()
            sheet = menu.evaluate(SHEET)
            assert sheet["left"] >= 0 and sheet["right"] <= width, (width, sheet)
            assert sheet["width"] >= 200 and not sheet["spills"], (width, sheet)
            assert sheet["top"] >= sheet["under"] - 2, (width, sheet)
            menu.locator("summary").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
