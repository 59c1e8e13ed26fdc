"""What every template may name."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import get_language_info

# Each language as it calls itself.
LANGUAGES = tuple((code, capfirst(get_language_info(code)["name_local"])) for code, _name in settings.LANGUAGES)


def portal(request: HttpRequest) -> dict[str, Any]:
    """The operator's names, whether this is a demonstration, the languages, and who looks."""
    return {
        "operator_name": settings.OPERATOR_NAME,
        "partner_center": settings.PARTNER_CENTER_NAME,
        "support_email": settings.SUPPORT_EMAIL,
        "demo": settings.DEMO,
        "languages": LANGUAGES,
        "actor": getattr(request, "actor", None),
    }
