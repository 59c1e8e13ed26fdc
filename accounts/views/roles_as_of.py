"""Who held which role at the end of a day (rule OPS-3)."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import PortalRequest, allowed
from accounts.audit_form import DayForm
from accounts.queries.people import PAGE_SIZE
from accounts.queries.roles_as_of import HeldThen, roles_as_of
from accounts.roles import Permission
from accounts.views.seen import partner_of
from incentives_portal.core import audit, clock, csv_stream


def _form(request: PortalRequest) -> DayForm:
    """Without a day, today's roles."""
    today = clock.today()
    return DayForm(request.GET if "on" in request.GET else {"on": today.isoformat()}, today=today)


@require_GET
@allowed(Permission.SEE_AUDIT)
def roles_then(request: PortalRequest) -> HttpResponse:
    """The roles of a day; a day that is none is answered in words."""
    partner, form = partner_of(request), _form(request)
    context: dict[str, Any] = {"form": form, "partner": partner}
    if form.is_valid():
        day = form.cleaned_data["on"]
        held = roles_as_of(partner.pk, day)
        page = Paginator(held, PAGE_SIZE).get_page(request.GET.get("page"))
        query = urlencode({"on": day.isoformat()})
        context |= {"day": day, "page": page, "query": query, "approximate": any(one.approximate for one in held)}
    return render(request, "accounts/roles_as_of.html", context, status=200 if form.is_valid() else 400)


@require_GET
@allowed(Permission.SEE_AUDIT)
def roles_export(request: PortalRequest) -> HttpResponseBase:
    """The same as CSV, a row for each role, with every location that it listed."""
    partner, form = partner_of(request), _form(request)
    if not form.is_valid():
        return roles_then(request)
    day = form.cleaned_data["on"]
    held = roles_as_of(partner.pk, day)
    audit.record(
        "roles_exported", partner, by=request.user, partner_id=partner.pk, after={"on": day.isoformat(), "rows": len(held)}
    )
    header = [_("Name"), _("E-mail address"), _("Role"), _("Where"), _("Locations"), _("Programs"), _("Granted"), _("Granted by")]
    header += [_("Expires"), _("Ended"), _("Approximate")]
    return csv_stream.answer(f"roles-{partner.pga_id}-{day:%Y%m%d}.csv", header, iter([map(_row, held)]))


def _row(one: HeldThen) -> list[Any]:
    role = one.assignment
    where = _("Entire organization") if role.entire_organization else _("Listed locations")
    places, codes = "; ".join(one.places), ", ".join(role.program_codes)
    doubt = _("Yes") if one.approximate else ""
    return [
        one.name,
        one.email,
        one.role,
        where,
        places,
        codes,
        role.granted_at,
        one.granted_by,
        role.expires_on,
        role.ended_at,
        doubt,
    ]
