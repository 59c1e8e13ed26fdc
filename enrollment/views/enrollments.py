"""An enrollment's own page, and answering its invitation."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import PortalRequest, allowed
from accounts.actor import Actor
from accounts.models import User
from accounts.policy import get_or_404
from accounts.roles import Permission
from enrollment.errors import RefusedError
from enrollment.models import Enrollment
from enrollment.policy import require_enroll, visible_to
from enrollment.queries.delivery import invitation_acts, told_of
from enrollment.queries.standing import standing
from enrollment.services import enrolling
from enrollment.services.invitations import followed
from enrollment.views.elsewhere import or_at_another_partner
from incentives_portal.core import clock


def seen_by(actor: Actor) -> QuerySet[Enrollment]:
    """What `actor` sees, with all that a page about one of them names."""
    return visible_to(actor).select_related("partner", "location", "program", "payout_profile__latest", "tax_profile__latest")


@require_GET
@or_at_another_partner
@allowed(Permission.SEE_ENROLLMENTS)
def enrollment_page(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """What is done, what is missing, whose turn and until when. Reading it changes nothing (rule INV-5);
    that somebody who was told of it came here is noted with what they were told.

    While the operator validates, the page asks again by htmx; as long as nothing changed the answer is empty.
    """
    enrollment = get_or_404(seen_by(request.actor), pk=pk)
    found = standing(request.actor, enrollment, clock.now())
    if request.htmx and request.GET.get("seen") == found.version:
        return HttpResponse(status=204)
    template = "enrollment/_standing.html" if request.htmx else "enrollment/enrollment.html"
    context: dict[str, Any] = {"standing": found, "enrollment": enrollment}
    if not request.htmx:
        followed(enrollment, request.user)
        context |= {"told": told_of(enrollment, request.actor), "invitation": invitation_acts(enrollment, request.actor)}
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


Answer = Callable[[uuid.UUID, User], object]


def _answer(request: PortalRequest, pk: uuid.UUID, answer: Answer, *, then: str, thanks: str) -> HttpResponse:
    """Does what the viewer answered; a refusal leads back to the page that says where it stands now."""
    enrollment = get_or_404(seen_by(request.actor), pk=pk)
    require_enroll(request.actor, enrollment)
    try:
        answer(enrollment.pk, request.user)
    except RefusedError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect("enrollment", pk=pk)
    if thanks:
        messages.success(request, thanks)
    return redirect(then, pk=pk)


@require_POST
@allowed(Permission.SEE_ENROLLMENTS)
def accept(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """*Enroll*: accepts the invitation and goes on to the profiles (rule ENR-1)."""
    return _answer(request, pk, lambda pk, by: enrolling.accept(enrollment_id=pk, by=by), then="enroll", thanks="")


@require_POST
@allowed(Permission.SEE_ENROLLMENTS)
def decline(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Declines the invitation (rule INV-7)."""
    thanks = _("The invitation is declined. You can undo that on this page while the program is open for enrollment.")
    return _answer(request, pk, lambda pk, by: enrolling.decline(enrollment_id=pk, by=by), then="enrollment", thanks=thanks)


@require_POST
@allowed(Permission.SEE_ENROLLMENTS)
def undo_decline(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Takes declining back (rule INV-7)."""
    thanks = _("Declining is undone. The invitation stands again.")
    return _answer(request, pk, lambda pk, by: enrolling.undo_decline(enrollment_id=pk, by=by), then="enrollment", thanks=thanks)
