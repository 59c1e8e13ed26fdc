"""The second template engine, for what is printed often and is long (docs/decisions/0014-overview-printed-whole.md).

In such a template `_("…")` is a text in the reader's language, `url("…")` the address of a page and `file("…")` that of a file which
comes with the portal. They are looked up once in a process, for each language and each prefix that the portal runs under, and kept:
the address of one thing among many, by its id, is the view's to give.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest
from django.template.backends.utils import csrf_input
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django_htmx.jinja import htmx_script

from incentives_portal.core import speaking_for


def to_string(template: str, context: Mapping[str, Any], request: HttpRequest | None) -> SafeString:
    """As `page`, to be put into another template."""
    return SafeString(page(template, context, request))  # nosec B703


def page(template: str, context: Mapping[str, Any], request: HttpRequest | None) -> str:
    """The template, printed; it escapes by itself, as the settings say. With a request it has `csrf_input` for its forms."""
    names = {**_fixed(*surroundings()), **context}
    if request is not None:
        names["csrf_input"] = _csrf_input(request)
    return render_to_string(template, names, using="jinja")


def surroundings() -> tuple[Any, ...]:
    """What texts and addresses depend on: the language, the addresses that there are, and the settings of files."""
    return get_language(), get_urlconf(), get_script_prefix(), settings.STATIC_URL, staticfiles_storage.__class__, settings.DEBUG


@cache
def _fixed(language: str | None, *_surroundings: Any) -> dict[str, Any]:
    """What every template may name."""
    return {
        "_": cache(gettext),
        "url": cache(lambda name, *arguments: reverse(name, args=arguments)),
        "file": cache(static),
        "htmx": htmx_script(),
        "language": language,
    }


def addresses() -> Callable[..., str]:
    """Gives the address of a page by its name; each is looked up once."""
    return _fixed(*surroundings())["url"]  # type: ignore[no-any-return]


def files() -> Callable[[str], str]:
    """Gives the address of a file that comes with the portal by its path; each is looked up once."""
    return _fixed(*surroundings())["file"]  # type: ignore[no-any-return]


def name_of(request: HttpRequest | None) -> str:
    """The name of the page that is looked at, or empty."""
    match = getattr(request, "resolver_match", None)
    return (match and match.url_name) or ""


def _csrf_input(request: HttpRequest) -> SafeString:
    """The hidden fields that each form posts; the same for all forms of an answer, as masking the token takes a while."""
    if not hasattr(request, "portal_csrf_input"):
        request.portal_csrf_input = csrf_input(request) + speaking_for.field(request)  # type: ignore[attr-defined]
    return request.portal_csrf_input  # type: ignore[attr-defined,no-any-return]
