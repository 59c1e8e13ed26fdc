"""*Incentives → Overview → Matrix*: every location and every program on one sheet."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import PortalRequest, allowed
from accounts.roles import Permission
from enrollment.queries.matrix import matrix
from enrollment.queries.wish import Wish
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear


@require_safe
@allowed(Permission.SEE_ENROLLMENTS)
def matrix_page(request: PortalRequest) -> HttpResponse:
    """The same filters as the overview; its state stands in the address alone."""
    this_year = FiscalYear.of(clock.today())
    wish = Wish.read(request.GET, this_year=this_year)
    fields = [(name, value) for name, value in wish.filter_fields(this_year) if name != "q"]
    context = {
        "matrix": matrix(request.actor, wish),
        "wish": wish,
        "fields": fields,
        "query": wish.query(this_year, view=""),
        "year": str(wish.year),
    }
    return render(request, "enrollment/matrix.html", context)
