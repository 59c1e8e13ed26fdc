"""Where somebody was when the portal had to ask something first: signing in, or a second factor."""

from typing import Any

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def own_page(request: HttpRequest, address: str) -> str:
    """The address if it is a path of this site, else nothing.

    Whatever doesn't begin with a slash is none: `redirect` would take a bare word for the name of a page.
    """
    fits = address.startswith("/") and url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if fits else ""


def page_of(request: HttpRequest) -> str:
    """The page to come back to: the one asked for, the one around a partial update, or home after anything but reading."""
    htmx = getattr(request, "htmx", None)
    if htmx:
        return _page_around(htmx)
    return request.get_full_path() if request.method in {"GET", "HEAD"} else "/"


def _page_around(htmx: Any) -> str:
    """The page that asked for a part of itself. The header is the browser's word; one that is no address counts as none."""
    try:
        return htmx.current_url_abs_path or "/"
    except ValueError:
        return "/"
