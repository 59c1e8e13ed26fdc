"""What every template may name."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, Any]:
    """The operator's names, and whether this is a demonstration."""
    return {
        "operator_name": settings.OPERATOR_NAME,
        "partner_center": settings.PARTNER_CENTER_NAME,
        "support_email": settings.SUPPORT_EMAIL,
        "demo": settings.DEMO,
        "actor": getattr(request, "actor", None),
    }
