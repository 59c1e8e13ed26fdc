"""For which partner a page was made, written into its forms and its partial updates (rule ACC-6).

Somebody who belongs to several partners may switch in one tab and go on in another, whose page is still of the partner before:
by these marks `accounts.stale_pages` knows. Whoever belongs to one partner gets none.
"""

import json
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

FIELD, HEADER = "for_partner", "For-Partner"
HEADER_IN_META = "HTTP_FOR_PARTNER"


def field(request: HttpRequest | None) -> SafeString:
    """The hidden field of each form, or nothing."""
    partner = _partner(request)
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, partner) if partner else SafeString("")


def header(request: HttpRequest | None) -> SafeString:
    """The attribute of the page's body by which htmx sends the header, or nothing."""
    partner = _partner(request)
    return format_html(' hx-headers="{}"', json.dumps({HEADER: partner})) if partner else SafeString("")


def _partner(request: HttpRequest | None) -> str:
    """The id of the partner that somebody speaks for who might speak for another, too."""
    actor: Any = getattr(request, "actor", None)
    return str(actor.partner.pk) if actor and len(actor.partners) > 1 else ""
