from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import PortalRequest, allowed
from accounts.roles import Permission
from enrollment.queries.operations import operations
from incentives_portal.core import outbox


@require_safe
@allowed(Permission.SEE_OPERATIONS)
def operations_page(request: PortalRequest) -> HttpResponse:
    """How far enrolling has come and how the portal runs, in pictures with their numbers."""
    may_requeue = Permission.MANAGE_PROGRAMS in request.actor.permissions
    return render(request, "operations/operations.html", {"found": operations(), "may_requeue": may_requeue})


@require_POST
@allowed(Permission.MANAGE_PROGRAMS)
def mails_requeue(request: PortalRequest) -> HttpResponse:
    """Sends again the mails that were given up: one, or all (rule INV-6)."""
    try:
        chosen = [UUID(one) for one in request.POST.getlist("mail")]
    except ValueError:
        raise Http404 from None
    count = outbox.requeue(outbox.dead_letters(ids=chosen), by=request.user)
    messages.success(
        request, ngettext("%(count)s mail will be sent again.", "%(count)s mails will be sent again.", count) % {"count": count}
    )
    return redirect("operations")
