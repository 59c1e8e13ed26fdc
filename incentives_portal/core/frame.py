"""What stands around every page: its head, the letterhead, the menu and the foot (docs/decisions/0014-overview-printed-whole.md).

A part that is the same for all who may do the same is printed once in a process and kept.
"""

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from incentives_portal.core import jinja, speaking_for
from incentives_portal.core.context import portal

# What a part differs by, besides the language and the addresses. The letterhead differs by the person.
DIFFERS_BY = {
    "head": ("demo",),
    "index": ("here", "may", "is_superuser"),
    "foot": ("operator_name", "support_email", "is_signed_in"),
}


def page(request: HttpRequest, template: str, context: Mapping[str, Any]) -> HttpResponse:
    """The answer that is a page of its own by the second engine: the template extends `frame/page.jinja`.

    What waits to be said and the demonstration's bar are printed by the first engine, as they stand on few pages.
    """
    around = portal(request) | {"request": request, "messages": get_messages(request)}
    names = {
        **around,
        "frame": partial(part, around),
        "for_partner_header": speaking_for.header(request),
        "notices": render_to_string("frame/_messages.html", around) if len(around["messages"]) else "",
        "demo_bar": render_to_string("demo/_bar.html", around, request) if around["demo"] else "",
        **context,
    }
    return HttpResponse(jinja.page(template, names, request))


def part(around: Mapping[str, Any], name: str) -> SafeString:
    """The part `templates/frame/_<name>.jinja`; `around` is what `core.context.portal` gives, and the request."""
    request, actor = around["request"], around["actor"]
    template = f"frame/_{name}.jinja"
    if name not in DIFFERS_BY:
        return jinja.to_string(template, around, request)
    names = {
        **around,
        "here": jinja.name_of(request),
        "may": actor.permissions if actor else frozenset(),
        "is_superuser": bool(actor and actor.user.is_superuser),
        "is_signed_in": bool(actor),
    }
    return _same(template, jinja.surroundings(), tuple((one, names[one]) for one in DIFFERS_BY[name]))


@lru_cache(maxsize=2000)
def _same(template: str, _surroundings: tuple[Any, ...], names: tuple[tuple[str, Any], ...]) -> SafeString:
    return jinja.to_string(template, dict(names), None)
