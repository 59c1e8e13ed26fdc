"""Home, and all notices."""

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.access import PortalRequest, signed_in
from accounts.policy import get_or_404
from accounts.queries.coverage import coverage
from accounts.queries.people import fillers
from accounts.roles import Permission
from accounts.services import role_requests
from enrollment.models import Notice
from enrollment.queries import home as queries
from enrollment.queries.eligibility_changes import changes_seen_by, since_yesterday
from enrollment.queries.renewal import soon
from enrollment.services import notices as services
from enrollment.status import ShownStatus
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear

PAGE = 30


@require_safe
@signed_in
def home(request: PortalRequest) -> HttpResponse:
    """What is new, what waits for whom; for the operator's people what waits for them."""
    actor, now = request.actor, clock.now()
    year = FiscalYear.of(clock.date_of(now))
    context: dict[str, Any] = {"year": year, "renewal": soon(actor, now)}
    if Permission.SEE_ENROLLMENTS in actor.permissions:
        context["notices"], context["more_notices"] = queries.news(actor, now)
        context["tallies"] = queries.tallies(actor, year)
        context["changes"], context["changed_count"] = changes_seen_by(actor, since_yesterday(), now)
    if Permission.ENROLL in actor.permissions:
        viewer = queries.viewer_at(now)
        context["for_partner"] = queries.waiting_for_partner(actor, year, viewer)
        context["for_operator"] = queries.waiting_for_operator(actor, year, viewer)
    if Permission.ASSIGN_INCENTIVES_ROLES in actor.permissions and actor.partner:
        context["coverage"] = coverage(actor.partner.pk)
        context["fillers"] = fillers(actor) if context["coverage"].gaps else []
        context["open_requests"] = role_requests.pending(actor.partner).count()
    if Permission.REVIEW in actor.permissions or Permission.MANAGE_PROGRAMS in actor.permissions:
        context["queue"] = queries.review_queue(now)
    return render(request, "home/home.html", context)


@require_safe
@signed_in
def notices(request: PortalRequest) -> HttpResponse:
    """Every notice, opened or not (rule INV-4)."""
    page = Paginator(queries.notices_of(request.actor), PAGE).get_page(request.GET.get("page"))
    now = clock.now()
    return render(request, "home/notices.html", {"page": page, "notices": [queries.shown_notice(one, now) for one in page]})


@require_POST
@signed_in
def open_notice(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Dismisses the notice for this person and leads to what it is about (rule INV-4); many that stand as one are dismissed so."""
    theirs = queries.notices_of(request.actor)
    notice = get_or_404(theirs, pk=pk)
    if "alike" in request.POST and notice.kind == Notice.Kind.ENROLLED:
        services.open_alike(notice=notice, among=theirs, by=request.user)
        return redirect(f"{reverse('overview')}?status={ShownStatus.ENROLLED}&year={notice.enrollment.year}")
    services.open_notice(notice_id=notice.pk, by=request.user)
    if notice.kind == Notice.Kind.ASSIGN_ADMIN:
        return redirect("people")
    if notice.kind == Notice.Kind.UNANSWERED:
        return redirect("location_people", notice.enrollment.location_id)
    return redirect("enrollment", pk=notice.enrollment_id)
