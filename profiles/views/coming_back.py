"""The way back to the page that somebody came from to mend a profile (rule ENR-2)."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.coming_back import own_page


def next_of(request: HttpRequest) -> str:
    """The page to come back to, or nothing; addresses that lead elsewhere are ignored."""
    return own_page(request, request.GET.get("next", ""))


def back(request: HttpRequest, name: str, *args: object) -> HttpResponse:
    """To where somebody came from, else to the page `name`."""
    return redirect(next_of(request) or reverse(name, args=args))


def query_of(request: HttpRequest) -> str:
    """What to append to links so that the way back isn't lost."""
    address = next_of(request)
    return f"?{urlencode({'next': address})}" if address else ""
