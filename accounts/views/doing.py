"""Running a service for a page: what came of it is said in a message, refusals included."""

import hashlib
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError

from accounts.access import PortalRequest
from accounts.queries.coverage import Impact


def attempt(request: PortalRequest, verb: Callable[..., Any], done: str, /, **thing: Any) -> bool:
    """Runs a service and says what came of it; a stale tab or a double click gets a sentence, too."""
    try:
        verb(**thing, by=request.user)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return False
    messages.success(request, done)
    return True


def seal(found: Impact) -> str:
    """A short name for what a preview showed: who confirms it confirms that, and not what has become of it since."""
    shown = [f"-{place.pk}" for place in found.gaps] + [f"1{risk.location.pk}{risk.admin.pk}" for risk in found.risks]
    return hashlib.sha256("".join(sorted(shown)).encode()).hexdigest()[:16]
