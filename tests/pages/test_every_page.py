"""Every page of the portal, by everybody who sees it differently, in both languages and colour schemes: axe finds nothing,
nothing but tables scrolls sideways on the narrowest phone, and the browser complains about nothing.

Django admin's pages are Django's own and left out; `tests/accounts` walks through them.
"""

import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Browser, Error, Page

from accounts.models import User
from tests.factories import PASSWORD
from tests.pages.every_page import Visit, build, names_of_pages, visits
from tests.pages.visiting import LOCALES, Watch, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
# Where pictures of every page are kept for somebody to look at; nowhere unless asked for.
SHOTS = os.environ.get("PORTAL_SHOTS")


class Inspector:
    """One browser that goes from page to page as different people, and notes what is wrong."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base, self.watch, self.axe = page, base, Watch(page, base), Axe()
        self.findings: dict[str, list[str]] = defaultdict(list)

    def look(self, visit: Visit, shots: Path | None = None) -> None:
        self.watch.errors.clear()
        try:
            self._arrive(visit)
        except (Error, AssertionError) as error:
            self._note(visit, "arrival", [str(error)])
        self._note(visit, "axe", self._violations())
        self._shoot(shots, visit, "desktop")
        self.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        width = self.page.evaluate("document.scrollingElement.scrollWidth")
        self._note(visit, "reflow", [f"{width} px wide"] if width > PHONE["width"] else [])
        self._shoot(shots, visit, "phone")
        self.page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
        self._note(visit, "console", self.watch.errors)

    def _arrive(self, visit: Visit) -> None:
        self.page.context.clear_cookies()
        if visit.by:
            sign_in(self.page, visit.by, self.base)
        if visit.name == "mfa_authenticate":
            self.page.goto(reverse("account_login"))
            self.page.locator("#id_login").fill(visit.label)
            self.page.locator("#id_password").fill(PASSWORD)
            self.page.locator("main form button").first.click()
            self.page.wait_for_url(f"**{visit.path}*")
            return
        answer = self.page.goto(visit.path)
        assert answer is not None and answer.status < 500, f"{visit}: {answer and answer.status}"
        self._note(visit, "moved", [self.page.url] if answer.request.redirected_from and visit.name != "account_reset_password_from_key" else [])
        if visit.press:
            self.page.locator(visit.press).last.click()
            self.page.wait_for_load_state()

    def _violations(self) -> list[str]:
        options = {"runOnly": {"type": "tag", "values": LEVELS}, "resultTypes": ["violations"]}
        found = self.axe.run(self.page, options=options).response["violations"]
        return [f"{one['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:160]}" for one in found for node in one["nodes"][:3]]

    def _note(self, visit: Visit, kind: str, wrong: list[str]) -> None:
        self.findings[kind] += [f"{visit} {visit.path}: {one}" for one in wrong]

    def _shoot(self, shots: Path | None, visit: Visit, device: str) -> None:
        if shots:
            self.page.screenshot(path=shots / f"{visit}.{device}.png".replace("/", "_"), full_page=True)


@pytest.mark.rule("STA-1")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "sv"])
def test_every_page_is_clean(chromium: Browser, live_server: Any, settings: Any, tmp_path: Path, language: str, scheme: str) -> None:
    settings.DEMO, settings.MAIL_CATCHER_FOLDER = True, tmp_path
    world = build(language, tmp_path)
    shots = Path(SHOTS) / f"{language}-{scheme}" if SHOTS else None
    context = chromium.new_context(
        base_url=live_server.url,
        locale=LOCALES[language],
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport=DESKTOP,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    inspector = Inspector(context.new_page(), live_server.url)
    for visit in visits(world):
        inspector.look(visit, shots)
    context.close()
    assert inspector.watch.foreign == []
    wrong = [f"[{kind}] {one}" for kind, those in inspector.findings.items() for one in those]
    assert not wrong, "\n".join(wrong)


def test_no_page_is_forgotten(tmp_path: Path, db: None) -> None:
    """A new address is either visited or named as no page."""
    visited = {visit.name for visit in visits(build("en", tmp_path))}
    assert visited == names_of_pages()
