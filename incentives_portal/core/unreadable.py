"""What a person sees where a stored secret can't be decrypted, and what operations read about it (rule PAY-3)."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from incentives_portal.core.secrets import CannotDecryptError

log = logging.getLogger(__name__)


def note(error: CannotDecryptError) -> None:
    """Logs which value it was, by table, column and row, and nothing of what it holds."""
    log.error("a stored secret can't be read: %s: %s", error.place, error)


class UnreadableMiddleware:
    """A page that needs such a value says so. It is no fault of the page, and trying again doesn't help: 503 and what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, CannotDecryptError):
            return None
        note(exception)
        return render(request, "unreadable.html", status=503)
