"""Pausing a member, taking that back, and removing one: first what it leaves uncovered, then the act (rules ACC-2, ACC-4)."""

import uuid

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import PortalRequest, allowed, fresh_second_factor
from accounts.models import Membership
from accounts.queries.coverage import NOWHERE, impact
from accounts.roles import Permission
from accounts.services import authority
from accounts.services import people as services
from accounts.views.doing import attempt
from accounts.views.seen import member_or_404


def _preview(request: PortalRequest, membership: Membership, words: dict[str, str]) -> HttpResponse:
    """What happens and what it leaves uncovered. Reading it changes nothing."""
    authority.require_may_manage(request.user, membership)
    found = impact(membership.partner_id, {membership.user_id: NOWHERE})
    return render(request, "accounts/confirm.html", {"membership": membership, "impact": found, **words})


@require_http_methods(["GET", "POST"])
@allowed(Permission.ASSIGN_INCENTIVES_ROLES)
@fresh_second_factor
def suspend(request: PortalRequest, membership_id: uuid.UUID) -> HttpResponse:
    """Their roles stop counting."""
    membership = member_or_404(request, membership_id)
    names = {"person": membership.user}
    if request.method != "POST":
        sentence = _("Their roles stop counting at once, and count again when the suspension is taken back.")
        return _preview(
            request,
            membership,
            {"title": _("Suspend %(person)s?") % names, "sentence": sentence, "button": _("Suspend")},
        )
    attempt(request, services.suspend, _("%(person)s is suspended.") % names, membership=membership)
    return redirect("person", membership.pk)


@require_POST
@allowed(Permission.ASSIGN_INCENTIVES_ROLES)
@fresh_second_factor
def restore(request: PortalRequest, membership_id: uuid.UUID) -> HttpResponse:
    """Their roles count again."""
    membership = member_or_404(request, membership_id)
    done = _("%(person)s is no longer suspended.") % {"person": membership.user}
    attempt(request, services.restore, done, membership=membership)
    return redirect("person", membership.pk)


@require_http_methods(["GET", "POST"])
@allowed(Permission.ASSIGN_INCENTIVES_ROLES)
@fresh_second_factor
def remove(request: PortalRequest, membership_id: uuid.UUID) -> HttpResponse:
    """They leave the partner, and every role ends."""
    membership = member_or_404(request, membership_id)
    names = {"person": membership.user}
    if request.method != "POST":
        sentence = _("Every role ends at once, and coming back takes a new invitation.")
        return _preview(
            request,
            membership,
            {"title": _("Remove %(person)s?") % names, "sentence": sentence, "button": _("Remove")},
        )
    done = _("%(person)s is removed, and every role ended.") % names
    gone = attempt(request, services.remove, done, membership=membership)
    return redirect("people") if gone else redirect("person", membership.pk)
