"""Without a mouse: from the invitation to the submitted enrollment."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.pages.conftest import Visit
from tests.pages.walk_world import build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FOCUSED = r"""() => {
    const element = document.activeElement;
    const label = element.labels && element.labels.length ? element.labels[0] : element;
    return label.textContent.replace(/\s+/g, " ").trim();
}"""
# Either on the element itself or, for the cards of a choice, on what surrounds it.
SHOWN = """() => [document.activeElement, document.activeElement.parentElement].some(element => {
    const style = getComputedStyle(element);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
})"""


def tab_to(page: Page, text: str) -> None:
    """Presses Tab until what begins with `text` has the focus, which must be seen at every stop."""
    for _ in range(60):
        page.keyboard.press("Tab")
        assert page.evaluate(SHOWN), f"the focus can't be seen on {page.evaluate(FOCUSED)!r}"
        if page.evaluate(FOCUSED).startswith(text):
            return
    pytest.fail(f"Tab never comes to {text!r}")


@pytest.mark.rule("INV-5")
@pytest.mark.rule("ENR-2")
def test_keyboard_alone_enrolls(visit: Visit) -> None:
    world = build()
    page = visit(world.ines)
    page.goto(reverse("home"))
    tab_to(page, "Skip to content")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'main'")
    tab_to(page, f"Open it: {world.first.name}")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{reverse('enrollment', args=[world.invitation.pk])}")
    tab_to(page, "Enroll")
    if page.evaluate("document.activeElement.tagName") != "BUTTON":
        tab_to(page, "Enroll")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{reverse('enroll', args=[world.invitation.pk])}")
    tab_to(page, "Main account")
    tab_to(page, "SEK")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="EUR")).to_be_checked()
    tab_to(page, "Submit")
    page.keyboard.press("Space")
    expect(page.locator("#standing .status").first).to_have_text("Validating enrollment")
    world.invitation.refresh_from_db()
    assert world.invitation.currency == "EUR"
