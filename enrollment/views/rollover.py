"""The fiscal year's rollover: plans, their lines, approval and applying (rule FIS-3)."""

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import PortalRequest, allowed, fresh_second_factor
from accounts.policy import get_or_404
from accounts.roles import Permission
from enrollment.errors import RefusedError
from enrollment.models import Program, RolloverPlan
from enrollment.queries import rollover as queries
from enrollment.queries.rollover_lines import LineWish, exported, page_of
from enrollment.services import rollover as services
from incentives_portal.core import clock, csv_stream
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.waking import wake_on_commit

WORKER = "enrollment.tasks.continue_fiscal_year"


def _plan(pk: uuid.UUID) -> RolloverPlan:
    return get_or_404(RolloverPlan.objects.select_related("planned_by", "approved_by", "compared_with"), pk=pk)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PROGRAMS)
def rollovers(request: PortalRequest) -> HttpResponse:
    """The plans of this year and the ones before; POST plans the year that ends next, or the one that just ended."""
    current = FiscalYear.of(clock.today())
    if request.method == "POST":
        try:
            year = FiscalYear.parse(request.POST.get("year", ""))
        except ValueError:
            year = current
        plan = services.begin(fiscal_year=year, by=request.user)
        wake_on_commit(WORKER)
        messages.success(request, _("The plan is being made. It changes no enrollment."))
        return redirect("rollover", plan.pk)
    plans = RolloverPlan.objects.select_related("planned_by", "approved_by").order_by("-planned_at")[:50]
    rows = [queries.PlanShown(plan, 0, 0, 0) for plan in plans]
    return render(request, "rollover/rollovers.html", {"rows": rows, "years": [current, current.previous]})


@require_GET
@allowed(Permission.MANAGE_PROGRAMS)
def rollover(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """A plan: totals, what changed since the last one, approval, and how far it is. htmx asks for the latter alone."""
    plan = _plan(pk)
    found = queries.shown(plan)
    if request.htmx:
        return _news(request, found)
    context = {
        "shown": found,
        "plan": plan,
        "outcomes": queries.OUTCOMES,
        "totals": queries.totals(plan),
        "changes": queries.changes(plan),
        "is_own": plan.planned_by_id == request.user.pk,
        "is_over": clock.today() > plan.year.last_day,
    }
    response = render(request, "rollover/rollover.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _news(request: PortalRequest, found: queries.PlanShown) -> HttpResponse:
    """What changed since: nothing, the numbers, or another state, which the whole page shows."""
    seen = request.GET.get("seen", "")
    if seen == found.version:
        return HttpResponse(status=204)
    if seen.partition("-")[0] != found.plan.state:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "rollover/_progress.html", {"shown": found, "plan": found.plan})


@require_GET
@allowed(Permission.MANAGE_PROGRAMS)
def rollover_lines(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """The lines of a plan, those that are wanted."""
    plan, wish = _plan(pk), LineWish.read(request.GET)
    page, rows = page_of(plan, wish, request.GET.get("page"))
    context = {
        "plan": plan,
        "wish": wish,
        "page": page,
        "rows": rows,
        "outcomes": queries.OUTCOMES,
        "programs": Program.objects.order_by("code"),
        "query": urlencode({name: value for name, value in request.GET.items() if name != "page"}),
    }
    return render(request, "rollover/lines.html", context)


@require_GET
@allowed(Permission.MANAGE_PROGRAMS)
def rollover_export(request: PortalRequest, pk: uuid.UUID) -> HttpResponseBase:
    """The wanted lines as a file (rule OPS-4)."""
    plan = _plan(pk)
    header = [_("PGA ID"), _("Partner"), _("Partner ID"), _("Location"), _("Program"), _("Verdict"), _("Reason"), _("Before")]
    lines = exported(plan, LineWish.read(request.GET))
    return csv_stream.answer(f"rollover-{plan.year}-{plan.pk}.csv", header, lines)


def _act(request: PortalRequest, plan: RolloverPlan, verb: Callable[..., Any], done: str) -> HttpResponse:
    """Runs a service and says what came of it."""
    try:
        verb(plan=plan, by=request.user)
    except RefusedError as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, done)
    return redirect("rollover", plan.pk)


@require_POST
@allowed(Permission.MANAGE_PROGRAMS)
@fresh_second_factor
def rollover_approve(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Approves somebody else's plan."""
    return _act(request, _plan(pk), services.approve, _("The plan is approved. It is applied when its year is over."))


@require_POST
@allowed(Permission.MANAGE_PROGRAMS)
@fresh_second_factor
def rollover_start(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Starts applying an approved plan whose year is over, or goes on with one that is paused."""
    return _act(request, _plan(pk), services.start, _("Workers are applying the plan."))


@require_POST
@allowed(Permission.MANAGE_PROGRAMS)
def rollover_pause(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Pauses: ranges that are under way are finished, no other is begun."""
    return _act(request, _plan(pk), services.pause, _("The plan is paused."))
