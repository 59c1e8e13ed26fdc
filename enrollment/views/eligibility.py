"""*See eligibility requirements*: what a program asks, what was observed, what would meet it (rule ELI-2); what changed."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import PortalRequest, allowed
from accounts.actor import Actor
from accounts.policy import NotAllowedError, get_or_404
from accounts.roles import Permission
from enrollment.errors import RefusedError
from enrollment.models import Enrollment
from enrollment.moments import in_words
from enrollment.policy import may_enroll
from enrollment.queries.eligibility_changes import all_changes, change_of, since_yesterday
from enrollment.queries.requirements import current_decision, shown, way_shown
from enrollment.services import evaluation
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
        "way": way_shown(decision, now) if decision else None,
        "changed": change_of(decision, since_yesterday(), now) if decision else None,
        "may_check": may_check(request.actor, enrollment),
    }
    return render(request, "enrollment/eligibility.html", context)


def may_check(actor: Actor, enrollment: Enrollment) -> bool:
    """Program managers, the incentives admins in scope, and the partner's global and account admins may ask for an evaluation."""
    wide = {Permission.MANAGE_PROGRAMS, Permission.ASSIGN_INCENTIVES_ROLES} & actor.permissions
    return bool(wide) or may_enroll(actor, enrollment)


@require_POST
@allowed(Permission.SEE_ENROLLMENTS)
def eligibility_check(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Evaluates the location for every program now."""
    enrollment = get_or_404(seen_by(request.actor), pk=pk)
    if enrollment.location is None:
        raise Http404
    if not may_check(request.actor, enrollment):
        raise NotAllowedError(Permission.ENROLL, enrollment.scope)
    try:
        evaluation.check_again(location=enrollment.location, by=request.user)
    except RefusedError as refusal:
        messages.info(request, " ".join(refusal.messages))
    else:
        messages.success(request, _("The location was evaluated now, for every program."))
    return redirect("eligibility", pk)


@require_safe
@allowed(Permission.MANAGE_PROGRAMS)
def eligibility_changes(request: PortalRequest) -> HttpResponse:
    """What changed since yesterday over all partners, program by program, and why."""
    now, since = clock.now(), since_yesterday()
    context = {"changes": all_changes(since, now), "since": in_words(since, now)}
    return render(request, "programs/changes.html", context)
