"""The audit log of a partner, for its admins: read, filtered, exported (rule OPS-3)."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import PortalRequest, allowed
from accounts.audit_form import AuditForm
from accounts.models import Partner
from accounts.queries import audit_log as queries
from accounts.roles import Permission
from accounts.views.seen import partner_of
from incentives_portal.core import audit, clock, csv_stream
from incentives_portal.core.audit_wording import NOTHING, Compared
from incentives_portal.core.models import AuditEntry

NEWEST = 2**63 - 1


@require_GET
@allowed(Permission.SEE_AUDIT)
def audit_log(request: PortalRequest) -> HttpResponse:
    """Newest first, a page at a time; a filter that makes no sense is answered in words, and with no entries."""
    partner = partner_of(request)
    form = AuditForm(request.GET)
    lines: list[queries.Line] = []
    more = None
    before = _place(request.GET.get("before", ""))
    if form.is_valid():
        lines, more = queries.page_of(queries.found(partner.pk, form.cleaned_data), partner.pk, before=before)
    query: dict[str, str | int] = {**form.query()}
    context = {
        "form": form,
        "lines": lines,
        "query": urlencode(query),
        "older": urlencode(query | {"before": more}) if more else "",
        "is_first": before is None,
        "filtered": bool(query),
    }
    return render(request, "accounts/audit_log.html", context, status=200 if form.is_valid() else 400)


def _place(text: str) -> int | None:
    """Where to go on; what is no place is the beginning."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= NEWEST else None


@require_GET
@allowed(Permission.SEE_AUDIT)
def audit_export(request: PortalRequest) -> HttpResponseBase:
    """What the page shows with these filters, all of it, as CSV. That it was taken is in the log, too."""
    partner = partner_of(request)
    form = AuditForm(request.GET)
    if not form.is_valid():
        return audit_log(request)
    # The log as it is now: what is written while it is downloaded is not in it, nor is this export.
    export = _record_export(partner, form, by=request.user)
    lines = queries.all_lines(queries.found(partner.pk, form.cleaned_data).filter(pk__lt=export.pk), partner.pk)
    header = [
        _("Time"),
        _("Act"),
        _("Code"),
        _("Done by"),
        _("Kind"),
        _("Done to"),
        _("Name"),
        _("Facts"),
        _("Request"),
        _("Number"),
    ]
    name = f"audit-{partner.pga_id}-{clock.today():%Y%m%d}.csv"
    return csv_stream.answer(name, header, (map(_row, chunk) for chunk in lines))


def _record_export(partner: Partner, form: AuditForm, *, by: Any) -> AuditEntry:
    names = {"from_day": "from", "to_day": "to"}
    after = {names.get(name, name): value for name, value in form.query().items()}
    return audit.record("audit_exported", partner, by=by, partner_id=partner.pk, after=after or None)


def _row(line: queries.Line) -> list[Any]:
    entry = line.entry
    facts = "; ".join(f"{fact.label}: {_in_a_cell(fact)}" for fact in line.facts)
    kind = entry.get_actor_kind_display()
    return [entry.at, line.title, entry.act, line.by, kind, entry.object_type, entry.object_name, facts, entry.request_id, entry.pk]


def _in_a_cell(fact: Compared) -> str:
    if fact.changed:
        return f"{fact.before} → {fact.after}"
    return fact.after if fact.after != NOTHING else fact.before
