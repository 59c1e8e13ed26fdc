from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from accounts.models import User
from tests.browser import OpenPage
from tests.pages.visiting import LOCALES, Watch, sign_in

Visit = Callable[..., Page]


@pytest.fixture
def visit(browser_page: OpenPage, live_server: Any) -> Visit:
    """`page = visit(ines)`: a browser in her language where she is signed in. What its pages do wrong fails the test."""

    def open_page(user: User | None = None, **options: Any) -> Page:
        options.setdefault("locale", LOCALES[user.language if user else "en"])
        page = browser_page(**options)
        page.watch = Watch(page, live_server.url)  # type: ignore[attr-defined]
        if user:
            sign_in(page, user, live_server.url)
        return page

    return open_page
