"""User management (rule ACC-4): the people of a partner, one person, and what can be done about them."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import policy
from accounts.access import PortalRequest, allowed, fresh_second_factor
from accounts.models import Membership
from accounts.queries.coverage import coverage
from accounts.queries.history import history_of
from accounts.queries.people import PersonRow, page_of_people, row_of
from accounts.roles import PERMISSION_TEXTS, ROLES, PartnerRole, Permission
from accounts.services import people as services
from accounts.services import team_invitations
from accounts.views.seen import invitation_or_404, member_or_404, partner_of


@require_GET
@allowed(Permission.SEE_PEOPLE)
def people(request: PortalRequest) -> HttpResponse:
    """Everybody who belongs to the partner, who is invited, and which locations nobody can enroll (rule ACC-2)."""
    partner = partner_of(request)
    search = request.GET.get("q", "").strip()
    page, rows = page_of_people(partner.pk, search=search, page=request.GET.get("page", "1"))
    context = {
        "page": page,
        "rows": rows,
        "search": search,
        "query": urlencode({"q": search}) if search else "",
        "coverage": coverage(partner.pk),
        "invitations": team_invitations.pending(partner).select_related("invited_by").order_by("email"),
    }
    return render(request, "accounts/people.html", context)


@require_GET
@allowed(Permission.SEE_PEOPLE)
def person(request: PortalRequest, membership_id: uuid.UUID) -> HttpResponse:
    """One member: roles, what these let them do and where, and what happened."""
    membership = member_or_404(request, membership_id)
    row = row_of(membership)
    held = {role.assignment.role: role for role in row.roles}
    context = {
        "row": row,
        "membership": membership,
        "roles": [
            {
                "key": role,
                "label": label,
                "sentence": ROLES[role].sentence,
                "held": held.get(role),
                "mine": policy.may_assign(request.actor, role),
            }
            for role, label in PartnerRole.choices
        ],
        "abilities": _abilities(row),
        "history": history_of(membership),
        "may_manage": all(policy.may_assign(request.actor, role) for role in held),
    }
    return render(request, "accounts/person.html", context)


def _abilities(row: PersonRow) -> list[tuple[str, str]]:
    """Effective permissions: what the member may do, and where. Nothing while suspended."""
    if row.membership.suspended_at or not row.membership.user.is_active:
        return []
    where: dict[Permission, list[str]] = {}
    for role in row.roles:
        for permission in ROLES[role.assignment.role].permissions if not role.expired else ():
            where.setdefault(permission, []).append(role.scope)
    return [
        (str(text), "; ".join(dict.fromkeys(where[permission])))
        for permission, text in PERMISSION_TEXTS.items()
        if permission in where
    ]


def _do(request: PortalRequest, verb: Callable[..., Any], done: str, **thing: Any) -> bool:
    """Runs a service and says what came of it; a stale tab or a double click gets a sentence, too."""
    try:
        verb(**thing, by=request.user)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return False
    messages.success(request, done)
    return True


def _manage(request: PortalRequest, membership_id: uuid.UUID, verb: Callable[..., Any], done: str) -> tuple[Membership, bool]:
    membership = member_or_404(request, membership_id)
    return membership, _do(request, verb, done % {"person": membership.user}, membership=membership)


@require_POST
@allowed(Permission.ASSIGN_INCENTIVES_ROLES)
@fresh_second_factor
def suspend(request: PortalRequest, membership_id: uuid.UUID) -> HttpResponse:
    """Their roles stop counting."""
    membership, _done = _manage(request, membership_id, services.suspend, _("%(person)s is suspended."))
    return redirect("person", membership.pk)


@require_POST
@allowed(Permission.ASSIGN_INCENTIVES_ROLES)
@fresh_second_factor
def restore(request: PortalRequest, membership_id: uuid.UUID) -> HttpResponse:
    """Their roles count again."""
    membership, _done = _manage(request, membership_id, services.restore, _("%(person)s is no longer suspended."))
    return redirect("person", membership.pk)


@require_POST
@allowed(Permission.ASSIGN_INCENTIVES_ROLES)
@fresh_second_factor
def remove(request: PortalRequest, membership_id: uuid.UUID) -> HttpResponse:
    """They leave the partner, and every role ends."""
    membership, gone = _manage(request, membership_id, services.remove, _("%(person)s is removed, and every role ended."))
    return redirect("people") if gone else redirect("person", membership.pk)


@require_POST
@allowed(Permission.ASSIGN_INCENTIVES_ROLES)
@fresh_second_factor
def withdraw(request: PortalRequest, invitation_id: uuid.UUID) -> HttpResponse:
    """The invitation's link stops working."""
    invitation = invitation_or_404(request, invitation_id)
    done = _("The invitation to %(email)s is withdrawn.") % {"email": invitation.email}
    _do(request, team_invitations.withdraw, done, invitation=invitation)
    return redirect("people")
