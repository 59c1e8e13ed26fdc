"""What would not be renewed as things stand (rule FIS-4)."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.access import PortalRequest, allowed
from accounts.roles import Permission
from enrollment.queries.renewal import page_of
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear


@require_GET
@allowed(Permission.SEE_ENROLLMENTS)
def renewal(request: PortalRequest) -> HttpResponse:
    """The enrollments within the viewer's scope that would end, or lack something; the operator's people plan the rollover."""
    partner = request.actor.partner
    if partner is None:
        return redirect("rollovers" if Permission.MANAGE_PROGRAMS in request.actor.permissions else "overview")
    year = FiscalYear.of(clock.today())
    page, rows = page_of(request.actor, partner, year, request.GET.get("page"))
    return render(request, "enrollment/renewal.html", {"page": page, "rows": rows, "year": year})
