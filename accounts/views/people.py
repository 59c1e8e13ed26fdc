"""User management (rule ACC-4): the people of a partner, one person, and what can be done about them."""

import uuid

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import policy
from accounts.access import PortalRequest, allowed, fresh_second_factor
from accounts.queries.abilities import abilities_of
from accounts.queries.coverage import coverage
from accounts.queries.history import history_of
from accounts.queries.people import fillers, page_of_people, row_of
from accounts.queries.requests import shown_requests
from accounts.roles import ROLES, PartnerRole, Permission
from accounts.services import role_requests, team_invitations
from accounts.views.doing import attempt
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
        "fillers": fillers(request.actor) if policy.may_assign(request.actor, PartnerRole.INCENTIVES_ADMIN) else [],
        "requests": shown_requests(request.actor, role_requests.pending(partner).order_by("asked_at")),
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
        "abilities": abilities_of(row),
        "history": history_of(membership),
        "provisioned": membership.in_directories.filter(is_provisioned=True).first(),
        "may_manage": all(policy.may_assign(request.actor, role) for role in held),
    }
    return render(request, "accounts/person.html", context)


@require_POST
@allowed(Permission.ASSIGN_INCENTIVES_ROLES)
@fresh_second_factor
def withdraw(request: PortalRequest, invitation_id: uuid.UUID) -> HttpResponse:
    """The invitation's link stops working."""
    invitation = invitation_or_404(request, invitation_id)
    done = _("The invitation to %(email)s is withdrawn.") % {"email": invitation.email}
    attempt(request, team_invitations.withdraw, done, invitation=invitation)
    return redirect("people")
