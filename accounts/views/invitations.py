"""Inviting a person to the team, and joining it (rule ACC-5)."""

from dataclasses import replace

from allauth.account.internal.flows.login import record_authentication
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import policy
from accounts.access import PortalRequest, allowed, for_any_partner, fresh_second_factor
from accounts.addresses import Pasted
from accounts.forms import InviteForm, JoinForm
from accounts.middleware import PARTNER_KEY
from accounts.models import Membership, TeamInvitation, User
from accounts.roles import ADMIN_ROLES, PartnerRole, Permission
from accounts.services import sessions, team_invitations
from accounts.views.seen import partner_of

OWN_BACKEND = "django.contrib.auth.backends.ModelBackend"


@require_http_methods(["GET", "POST"])
@allowed(Permission.ASSIGN_INCENTIVES_ROLES)
@fresh_second_factor
def invite_person(request: PortalRequest) -> HttpResponse:
    """Whom to invite, with which role, where. Who can be invited is; the other addresses stay in the form, with the reason."""
    partner = partner_of(request)
    roles = [role for role in PartnerRole.values if policy.may_assign(request.actor, role)]
    form = InviteForm(request.POST or None, partner=partner, roles=roles, initial={"role": PartnerRole.INCENTIVES_ADMIN})
    refused: list[Pasted] = []
    if form.is_bound and form.is_looking:
        form.look()
    elif form.is_bound and form.is_valid():
        refused = _invite(request, form)
        if not refused and not form.errors:
            return redirect("people")
        if refused:
            # What was sent is not offered again.
            form.data = kept = request.POST.copy()
            kept["emails"] = "\n".join(one.typed for one in refused)
    context = {"form": form, "refused": refused}
    looking = form.is_bound and form.is_looking
    return render(request, "accounts/invite_person.html", context, status=422 if form.is_bound and not looking else 200)


def _invite(request: PortalRequest, form: InviteForm) -> list[Pasted]:
    """Invites every address that can be, says which, and returns those that can't be, with the reason of each."""
    given = form.cleaned_data
    pasted: list[Pasted] = given["emails"]
    try:
        outcomes = team_invitations.invite_all(
            partner=partner_of(request),
            emails=[one.email for one in pasted if not one.wrong],
            role=given["role"],
            entire_organization=given["role"] in ADMIN_ROLES or form.entire_organization,
            locations=given["locations"],
            language=given["language"],
            by=request.user,
        )
    except ValidationError as refusal:
        form.add_error("locations" if refusal.code == "no_location" else None, refusal)
        return []
    _say_who_is_invited(request, [one.email for one in outcomes if not one.refusal])
    why = {one.email: one.refusal for one in outcomes if one.refusal}
    return [replace(one, wrong=one.wrong or why[one.email]) for one in pasted if one.wrong or one.email in why]


def _say_who_is_invited(request: PortalRequest, emails: list[str]) -> None:
    if len(emails) == 1:
        messages.success(request, _("%(email)s is invited.") % {"email": emails[0]})
    elif emails:
        told = _("%(count)d people are invited: %(emails)s") % {"count": len(emails), "emails": ", ".join(emails)}
        messages.success(request, told)


@for_any_partner
@never_cache
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """What was offered and by whom; POST accepts. Reading the page changes nothing, and nobody reads page after page."""
    too_many: HttpResponse | None = ratelimit.consume_or_429(request, action="join", limit_get=True)
    if too_many is not None:
        return too_many
    try:
        invitation = team_invitations.find(token)
    except ValidationError as refusal:
        return render(request, "accounts/join_refused.html", {"refusal": refusal.messages[0], "code": refusal.code}, status=410)
    form = JoinForm(request.POST if request.method == "POST" and not request.user.is_authenticated else None)
    if request.method == "POST" and (request.user.is_authenticated or form.is_valid()):
        try:
            membership = _accept(request, token, form)
        except ValidationError as refusal:
            if request.user.is_authenticated:
                messages.error(request, refusal.messages[0])
            else:
                form.add_error(None, refusal)
        else:
            return _welcome(request, membership)
    status = 422 if request.method == "POST" else 200
    return render(request, "accounts/join.html", _page(request, invitation, form), status=status)


def _accept(request: HttpRequest, token: str, form: JoinForm) -> Membership:
    if request.user.is_authenticated:
        return team_invitations.accept(token=token, by=request.user)
    given = form.cleaned_data
    return team_invitations.accept(token=token, name=given["name"], password=given["password"])


def _welcome(request: HttpRequest, membership: Membership) -> HttpResponse:
    if not request.user.is_authenticated:
        login(request, membership.user, backend=OWN_BACKEND)
        sessions.keep_in_list(request)
        record_authentication(request, membership.user, method="password", email=membership.user.email)
    request.session[PARTNER_KEY] = str(membership.partner_id)
    messages.success(request, _("Welcome. You belong to %(partner)s now.") % {"partner": membership.partner})
    return redirect(settings.LOGIN_REDIRECT_URL)


def _page(request: HttpRequest, invitation: TeamInvitation, form: JoinForm) -> dict[str, object]:
    """Which of four pages it is: join as who is signed in, sign in first, another person is signed in, or somebody new."""
    if request.user.is_authenticated:
        state = "mine" if request.user.email == invitation.email else "other"
    else:
        state = "sign_in" if User.objects.filter(email=invitation.email).exists() else "new"
    return {"invitation": invitation, "form": form, "state": state}
