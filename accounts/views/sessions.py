"""Ending one of one's own sessions; the list of them, and ending all others, is allauth's."""

from allauth.usersessions.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import PortalRequest, for_any_partner, signed_in
from accounts.policy import get_or_404


@for_any_partner
@require_POST
@signed_in
def session_end(request: PortalRequest, pk: int) -> HttpResponse:
    """Whoever uses that session is signed out at their next click. Somebody else's session answers 404."""
    session: UserSession = get_or_404(UserSession.objects.filter(user=request.user), pk=pk)
    get_adapter().end_sessions([session])
    messages.success(request, _("The session is ended."))
    return redirect("usersessions_list")
