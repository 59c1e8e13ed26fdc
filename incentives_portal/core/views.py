"""Pages that belong to no app."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from incentives_portal.core.health import report


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Whether this web server can take requests: 200 or 503. It names no figures; the command `health` does."""
    found = report(vital_only=True)
    checks = {name: finding["ok"] for name, finding in found["checks"].items()}
    return JsonResponse({"healthy": found["healthy"], "checks": checks}, status=200 if found["healthy"] else 503)
