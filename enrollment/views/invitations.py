"""What a program manager does with one invitation: send it again, take it back, give it back (rules INV-1, INV-6)."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import PortalRequest, allowed
from accounts.policy import get_or_404
from accounts.roles import Permission
from enrollment.errors import RefusedError
from enrollment.queries.delivery import told_of
from enrollment.services import invitations as services
from enrollment.views.enrollments import seen_by


def _attempt(request: PortalRequest, pk: uuid.UUID, verb: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, verb())
    except RefusedError as refusal:
        messages.error(request, " ".join(refusal.messages))
    return redirect("enrollment", pk)


@require_POST
@allowed(Permission.MANAGE_PROGRAMS)
def invitation_resend(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Owes the mails once more; within an hour a second click owes none."""
    get_or_404(seen_by(request.actor), pk=pk)

    def resend() -> str:
        told = services.resend(enrollment_id=pk, by=request.user)
        return _("The invitation is sent again to %(names)s.") % {"names": get_text_list([str(user) for user in told], _("and"))}

    return _attempt(request, pk, resend)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PROGRAMS)
def invitation_withdraw(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Who knows of it already; POST takes it back."""
    enrollment = get_or_404(seen_by(request.actor), pk=pk)
    if request.method != "POST":
        context = {"enrollment": enrollment, "told": told_of(enrollment, request.actor)}
        return render(request, "programs/withdraw.html", context)

    def withdraw() -> str:
        services.withdraw(enrollment_id=pk, by=request.user)
        return _("The invitation is withdrawn.")

    return _attempt(request, pk, withdraw)


@require_POST
@allowed(Permission.MANAGE_PROGRAMS)
def invitation_again(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Invites anew."""
    get_or_404(seen_by(request.actor), pk=pk)

    def renew() -> str:
        services.invite_again(enrollment_id=pk, by=request.user)
        return _("The location is invited again.")

    return _attempt(request, pk, renew)
