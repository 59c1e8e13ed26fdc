"""Saved views of the overview: kept from its page, kept in order on their own."""

import uuid

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import PortalRequest, allowed
from accounts.policy import get_or_404
from accounts.roles import Permission
from enrollment.errors import RefusedError
from enrollment.queries.saved_views import found_by, owned_by
from enrollment.queries.wish import Wish
from enrollment.services import saved_views as services
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear


@require_http_methods(["GET", "HEAD", "POST"])
@allowed(Permission.SEE_ENROLLMENTS)
def saved_views(request: PortalRequest) -> HttpResponse:
    """The views that one finds; a POST keeps the one that the overview shows."""
    if request.method == "POST":
        return _keep(request)
    views = found_by(request.actor).select_related("owner")
    context = {"own": [one for one in views if one.owner_id == request.user.pk]}
    context["shared"] = [one for one in views if one.owner_id != request.user.pk]
    return render(request, "enrollment/saved_views.html", context)


def _keep(request: PortalRequest) -> HttpResponse:
    this_year = FiscalYear.of(clock.today())
    query = Wish.read(QueryDict(request.POST.get("query", "")), this_year=this_year).query(this_year)
    try:
        view, replaced = services.save(
            partner=request.actor.partner,
            name=request.POST.get("name", ""),
            query=query,
            is_shared="shared" in request.POST,
            is_default="default" in request.POST,
            by=request.user,
        )
    except RefusedError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        text = _("The view %(name)s was there already: this one replaces it.") if replaced else _("The view %(name)s is kept.")
        messages.success(request, text % {"name": view.name})
    return redirect(f"{reverse('overview')}?{query or 'view='}")


@require_POST
@allowed(Permission.SEE_ENROLLMENTS)
def saved_view(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Changes one of one's own; anybody else's does not exist here (rule ACC-8)."""
    view = get_or_404(owned_by(request.actor), pk=pk)
    try:
        match request.POST.get("do"):
            case "begin":
                services.begin_with(view=view, by=request.user)
            case "everything":
                services.begin_with_everything(view=view, by=request.user)
            case "share" | "unshare" as how:
                services.share(view=view, is_shared=how == "share", by=request.user)
            case "remove":
                services.remove(view=view, by=request.user)
    except RefusedError as refusal:
        messages.error(request, " ".join(refusal.messages))
    return redirect("saved_views")
