"""The overview as a file (rule OPS-4): what the page shows with its filters, on all its pages."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import PortalRequest, allowed
from accounts.roles import Permission
from enrollment.queries import overview_export as export
from enrollment.queries.overview import matching
from enrollment.queries.wish import Wish
from incentives_portal.core import audit, clock, csv_stream, xlsx
from incentives_portal.core.fiscal import FiscalYear

KINDS = ("csv", "xlsx")


@require_GET
@allowed(Permission.SEE_ENROLLMENTS)
def overview_export(request: PortalRequest, kind: str) -> HttpResponseBase:
    """CSV or a workbook, in the reader's language. That it was taken is in the audit log."""
    if kind not in KINDS:
        raise Http404
    today = clock.today()
    this_year = FiscalYear.of(today)
    wish, actor = Wish.read(request.GET, this_year=this_year), request.actor
    count = matching(actor, wish).count()
    if count > export.MOST:
        messages.error(
            request, _("At most %(most)d rows are exported at once. Filter by country or by program.") % {"most": export.MOST}
        )
        return redirect(f"{reverse('overview')}?{wish.query(this_year)}")
    facts = {"format": kind, "rows": count, "filter": wish.query(this_year)}
    audit.record("overview.exported", actor.partner or request.user, by=request.user, partner_id=_partner_id(request), after=facts)
    name = f"enrollments-{wish.year}-{today:%Y%m%d}.{kind}"
    if kind == "csv":
        return csv_stream.answer(name, export.header(actor), export.chunks(actor, wish))
    return xlsx.answer(name, _("Enrollments"), export.header(actor), export.chunks(actor, wish))


def _partner_id(request: PortalRequest) -> uuid.UUID | None:
    return request.actor.partner.pk if request.actor.partner else None
