"""*See eligibility requirements*: what a program asks, what was observed, what would meet it (rule ELI-2)."""

import uuid

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import PortalRequest, allowed
from accounts.policy import get_or_404
from accounts.roles import Permission
from enrollment.moments import in_words
from enrollment.queries.requirements import current_decision, shown
from enrollment.views.enrollments import seen_by
from incentives_portal.core import clock


@require_safe
@allowed(Permission.SEE_ENROLLMENTS)
def eligibility_page(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """The last decision in words. A Partner Global Account has no location and so nothing to show."""
    enrollment = get_or_404(seen_by(request.actor), pk=pk)
    if enrollment.location is None:
        raise Http404
    now, decision = clock.now(), current_decision(enrollment)
    context = {
        "enrollment": enrollment,
        "decision": decision,
        "groups": shown(decision, now) if decision else [],
        "updated": in_words(decision.evaluated_at, now) if decision else "",
    }
    return render(request, "enrollment/eligibility.html", context)
