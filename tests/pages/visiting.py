"""A person with a browser: signed in, watched for what a page must never do."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client
from playwright.sync_api import ConsoleMessage, Page, Request

from accounts.models import User
from tests.signing_in import sign_in as sign_in_client

LOCALES = {"en": "en-GB", "sv": "sv-SE"}


def sign_in(page: Page, user: User, base: str) -> None:
    """Gives the browser a session of `user`, second factor included: the quick way where signing in isn't what is tried."""
    session = sign_in_client(Client(), user).session
    assert session.session_key
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": base}])


@dataclass
class Watch:
    """What went wrong behind a page: errors on the console (the content security policy speaks there), errors of scripts,
    and requests to anybody but the portal."""

    page: Page
    base: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        # A page that answers 403 or 404 is named there too; what such a page loads must be there all the same.
        is_page_itself = urlsplit(str(message.location.get("url", ""))).path == urlsplit(self.page.url).path
        if message.type in {"error", "warning"} and not ("Failed to load resource" in message.text and is_page_itself):
            self.errors.append(message.text)

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.base, "data:", "about:")):
            self.foreign.append(request.url)
