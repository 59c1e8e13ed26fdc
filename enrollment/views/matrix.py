"""*Incentives → Overview → Matrix*: every location and every program on one sheet."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django_countries import countries

from accounts.access import PortalRequest, allowed
from accounts.actor import Actor
from accounts.roles import Permission
from enrollment.queries.matrix import matrix, program_called
from enrollment.queries.wish import Wish
from enrollment.status import ShownStatus
from enrollment.wording import status_labels
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
        "applied": _applied(request.actor, wish),
        "cleared": wish.cleared(this_year),
        "year": str(wish.year),
    }
    return render(request, "enrollment/matrix.html", context)


def _applied(actor: Actor, wish: Wish) -> list[str]:
    """What the overview was filtered by and this page has no field for."""
    status = status_labels()[ShownStatus(wish.status)] if wish.status else ""
    program = program_called(actor, wish.program) if wish.program else ""
    country = (countries.name(wish.country) or wish.country) if wish.country else ""
    return [text for text in (status, program, country) if text]
