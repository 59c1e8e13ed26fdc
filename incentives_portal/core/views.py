"""Pages that belong to no app."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from incentives_portal.core import metrics
from incentives_portal.core.health import report


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Whether this web server can take requests: 200 or 503. It names no figures; the command `health` does."""
    found = report(vital_only=True)
    checks = {name: finding["ok"] for name, finding in found["checks"].items()}
    return JsonResponse({"healthy": found["healthy"], "checks": checks}, status=200 if found["healthy"] else 503)


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Whether this process answers at all. It asks nobody: restarting it mends no database that is away."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus. To whoever may not read them the page doesn't exist."""
    if not metrics.may_read(request):
        raise Http404
    return HttpResponse(metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")
