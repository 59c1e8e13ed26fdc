"""Finding a location from anywhere, and the page that it leads to: all that it is invited to and enrolled in."""

import uuid

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts.access import PortalRequest, allowed
from accounts.policy import get_or_404
from accounts.roles import Permission
from enrollment.queries.finding import asked_for, by_partner_id, found, locations_seen_by
from enrollment.queries.overview import COLUMNS, as_read_by
from enrollment.queries.overview_rows import RowWriter
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear

PAGE = 50


@require_safe
@allowed(Permission.SEE_ENROLLMENTS)
def find(request: PortalRequest) -> HttpResponse:
    """An exact Partner ID leads right to the location; anything else to what fits."""
    text = asked_for(request.GET.get("q", ""))
    exact = by_partner_id(request.actor, text) if text else None
    if exact:
        return redirect("location", pk=exact.pk)
    page = Paginator(found(request.actor, text), PAGE).get_page(request.GET.get("page"))
    return render(request, "enrollment/find.html", {"text": text, "page": page, "query": urlencode({"q": text})})


@require_safe
@allowed(Permission.SEE_ENROLLMENTS)
def location_page(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """A location with its enrollments, the newest fiscal year first."""
    location = get_or_404(locations_seen_by(request.actor), pk=pk)
    rows = as_read_by(request.actor).filter(location=location).order_by("-fiscal_year", "program_name", "pk")
    written = RowWriter(request.actor, clock.now()).write(list(rows.values(*COLUMNS, "mine", "shown", "program_name")))
    years: dict[int, list[object]] = {}
    for row in written:
        years.setdefault(row.year, []).append(row)
    context = {"location": location, "years": [(FiscalYear(year), those) for year, those in years.items()]}
    return render(request, "enrollment/location.html", context)
