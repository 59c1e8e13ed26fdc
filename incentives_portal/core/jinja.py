"""The second template engine, for what is printed often and is long (docs/decisions/0010-frame-and-overview-in-jinja.md).

In such a template `_("…")` is a text in the reader's language and `url("…")` the address of a page. Both are looked up once in a
process, for each language and each prefix that the portal runs under, and kept: the address of one thing among many, by its id,
is the view's to give.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.template.backends.utils import csrf_input
from django.template.loader import render_to_string
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext


def to_string(template: str, context: Mapping[str, Any], request: HttpRequest | None) -> SafeString:
    """The template, printed. It escapes by itself, as the settings say. With a request it has `csrf_input` for its forms."""
    names = {"_": _words(get_language()), "url": addresses(), **context}
    if request is not None:
        names["csrf_input"] = _csrf_input(request)
    return SafeString(render_to_string(template, names, using="jinja"))  # nosec B703


def _csrf_input(request: HttpRequest) -> SafeString:
    """The hidden field that each form posts; one for all forms of an answer, as masking the token takes a while."""
    if not hasattr(request, "portal_csrf_input"):
        request.portal_csrf_input = csrf_input(request)  # type: ignore[attr-defined]
    return request.portal_csrf_input  # type: ignore[attr-defined,no-any-return]


@cache
def _words(_language: str | None) -> Callable[[str], str]:
    return cache(gettext)


def addresses() -> Callable[..., str]:
    """Gives the address of a page by its name, under the URLconf and the prefix of now; each is looked up once."""
    return _addresses(get_urlconf(), get_script_prefix())


@cache
def _addresses(_urlconf: str | None, _prefix: str) -> Callable[..., str]:
    return cache(lambda name, *arguments: reverse(name, args=arguments))
