"""Asking for a role, taking that back, and answering (rule ACC-7)."""

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import policy
from accounts.access import PortalRequest, allowed, fresh_second_factor, signed_in
from accounts.forms import ORGANIZATION, AskForm
from accounts.models import Location, Membership, RoleRequest
from accounts.queries.abilities import abilities_of, abilities_of_operator
from accounts.queries.people import members, row_of, terms_in_words
from accounts.queries.requests import shown_requests
from accounts.queries.who_can import granters_of
from accounts.roles import ROLES, PartnerRole, Permission
from accounts.services import role_requests as services
from accounts.views.doing import attempt
from accounts.views.seen import partner_of

ANSWERED_SHOWN = 10


def _own_membership(request: PortalRequest) -> Membership:
    """The membership in whose name the viewer acts. Raises Http404 for the operator's people, who have none."""
    if request.actor.partner is None:
        raise Http404
    return policy.get_or_404(members(request.actor.partner.pk), user=request.user)


@require_GET
@signed_in
def my_roles(request: PortalRequest) -> HttpResponse:
    """Which roles the viewer has, where and until when, what these let them do, who can change that, and asking for more."""
    if request.actor.partner is None:
        held, abilities = abilities_of_operator(request.user)
        return render(request, "accounts/my_roles.html", {"operator_roles": held, "abilities": abilities})
    membership = _own_membership(request)
    row = row_of(membership)
    granters = granters_of(membership.partner_id)
    asked = membership.role_requests.select_related("membership__user", "answered_by").order_by("-asked_at")[:ANSWERED_SHOWN]
    context = {
        "membership": membership,
        "roles": [
            {"held": held, "sentence": ROLES[held.assignment.role].sentence, "granters": granters[held.assignment.role]}
            for held in row.roles
        ],
        "abilities": abilities_of(row),
        "requests": shown_requests(request.actor, asked),
        "granters": granters[PartnerRole.INCENTIVES_ADMIN],
    }
    return render(request, "accounts/my_roles.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def role_ask(request: PortalRequest) -> HttpResponse:
    """Which role, where and why. `?role=` and `?location=` say what the page was about that led here."""
    membership = _own_membership(request)
    form = AskForm(request.POST or None, partner=membership.partner, initial=_about(request))
    if request.method == "POST" and form.is_valid():
        try:
            asked = services.ask(membership=membership, **form.terms(), by=request.user)
        except ValidationError as refusal:
            form.add_error("partner_ids" if refusal.code == "no_location" else None, refusal)
        else:
            messages.success(
                request, _("You asked for the role %(role)s. The answer comes by mail.") % {"role": asked.get_role_display()}
            )
            return redirect("my_roles")
    granters = [(PartnerRole(role).label, names) for role, names in granters_of(membership.partner_id).items()]
    context = {"form": form, "membership": membership, "granters": granters}
    return render(request, "accounts/role_ask.html", context, status=422 if form.is_bound else 200)


def _about(request: PortalRequest) -> dict[str, str]:
    about = {"role": request.GET.get("role", PartnerRole.INCENTIVES_ADMIN), "program_code": request.GET.get("program", "")}
    wanted = request.GET.get("location")
    if wanted:
        about["partner_ids"] = policy.get_or_404(partner_of(request).locations.all(), pk=wanted).mpn_id
    elif about["role"] == PartnerRole.INCENTIVES_USER:
        about["where"] = ORGANIZATION
    return about


@require_POST
@signed_in
def request_withdraw(request: PortalRequest, request_id: uuid.UUID) -> HttpResponse:
    """Takes one's own request back; nobody else's exists."""
    asked = policy.get_or_404(RoleRequest.objects.filter(membership=_own_membership(request)), pk=request_id)
    attempt(request, services.withdraw, _("Your request is withdrawn."), request=asked)
    return redirect("my_roles")


def _request_or_404(request: PortalRequest, request_id: uuid.UUID) -> RoleRequest:
    """A request of a member of the actor's partner, answered ones included."""
    rows = RoleRequest.objects.filter(policy.within(request.actor, Permission.SEE_PEOPLE))
    return policy.get_or_404(rows.select_related("membership__user", "membership__partner", "answered_by"), pk=request_id)


@require_GET
@allowed(Permission.SEE_PEOPLE)
def role_request(request: PortalRequest, request_id: uuid.UUID) -> HttpResponse:
    """Who asks for what, what they would hold if it were granted, and the two answers."""
    asked = _request_or_404(request, request_id)
    (shown,) = shown_requests(request.actor, [asked])
    after = services.terms_after(asked)
    held = asked.membership.roles.filter(role=asked.role, ended_at=None).prefetch_related("listed__location").first()
    context = {
        "shown": shown,
        "asked": asked,
        "places": Location.objects.filter(partner=asked.partner_id, pk__in=asked.location_ids),
        "now": terms_in_words(held) if held else "",
        "after": after,
        "sentence": ROLES[asked.role].sentence,
        "granters": granters_of(asked.partner_id)[asked.role],
    }
    return render(request, "accounts/role_request.html", context)


@require_POST
@allowed(Permission.ASSIGN_INCENTIVES_ROLES)
@fresh_second_factor
def request_grant(request: PortalRequest, request_id: uuid.UUID) -> HttpResponse:
    """Gives the role that was asked for; the asker gets a mail."""
    asked = _request_or_404(request, request_id)
    names = {"person": asked.membership.user, "role": asked.get_role_display()}
    attempt(request, services.grant, _("%(person)s has the role %(role)s now.") % names, request=asked)
    return redirect("people")


@require_POST
@allowed(Permission.ASSIGN_INCENTIVES_ROLES)
@fresh_second_factor
def request_decline(request: PortalRequest, request_id: uuid.UUID) -> HttpResponse:
    """Says no; the asker gets a mail."""
    asked = _request_or_404(request, request_id)
    names = {"person": asked.membership.user}
    attempt(request, services.decline, _("The request of %(person)s is declined.") % names, request=asked)
    return redirect("people")
