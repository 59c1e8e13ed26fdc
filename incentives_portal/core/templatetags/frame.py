"""`{% frame %}`: a part of what stands around every page (incentives_portal/core/frame.py)."""

from django.template import Context, Library
from django.utils.safestring import SafeString

from incentives_portal.core.frame import part

register = Library()
# What a part may name; on a page that fails before it is known who asks, some of it is missing.
NAMES = ("actor", "demo", "languages", "operator_name", "partner_center", "request", "support_email")


@register.simple_tag(takes_context=True)
def frame(context: Context, name: str) -> SafeString:
    """The part of this name."""
    return part({name: context.get(name) for name in NAMES}, name)
