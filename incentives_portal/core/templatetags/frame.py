"""`{% frame %}`: a part of what stands around every page, printed by the second engine (docs/decisions/0010)."""

from django.template import Context, Library
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from incentives_portal.core import jinja

register = Library()
# What a part may name; on a page that fails before it is known who asks, some of it is missing.
NAMES = ("actor", "languages", "operator_name", "partner_center", "request", "support_email")


@register.simple_tag(takes_context=True)
def frame(context: Context, part: str) -> SafeString:
    """The part `templates/frame/_<part>.jinja`. In it `here` is the name of the page, or empty."""
    known = {name: context.get(name) for name in NAMES}
    request = known["request"]
    match = getattr(request, "resolver_match", None)
    known |= {"here": (match and match.url_name) or "", "language": get_language()}
    return jinja.to_string(f"frame/_{part}.jinja", known, request)
