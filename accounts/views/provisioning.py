"""Provisioning as a partner's global admin sets it up (rule ACC-5): the address, the tokens, and what came by them."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import policy
from accounts.access import PortalRequest, allowed, fresh_second_factor
from accounts.forms import TokenForm
from accounts.models import ScimToken
from accounts.queries.provisioning import provisioning_of
from accounts.roles import Permission
from accounts.scim.answers import base
from accounts.services import scim_tokens
from accounts.views.doing import attempt
from accounts.views.seen import partner_of

FORM_REMEMBERED = 24 * 3600


def provisioning_context(request: PortalRequest, form: TokenForm | None = None) -> dict[str, Any]:
    """What `accounts/_provisioning.html` needs, for every page that includes it."""
    return {
        "provisioning": provisioning_of(partner_of(request)),
        "scim_address": base(),
        "token_form": form or TokenForm(),
        "once": uuid.uuid4(),
    }


@require_GET
@allowed(Permission.CONFIGURE_SIGN_IN)
def provisioning(request: PortalRequest) -> HttpResponse:
    """The address for the directory, the tokens in force, and how many people and groups came."""
    return render(request, "accounts/provisioning.html", provisioning_context(request))


@never_cache
@require_POST
@allowed(Permission.CONFIGURE_SIGN_IN)
@fresh_second_factor
def create(request: PortalRequest) -> HttpResponse:
    """A new token, shown in this answer and never again: in no address, session or message."""
    form = TokenForm(request.POST)
    if form.is_valid():
        if not _is_first(request):
            return _made_already(request)
        try:
            made = scim_tokens.create(partner=partner_of(request), **form.cleaned_data, by=request.user)
        except ValidationError as refusal:
            form.add_error({"expired": "expires_on", "name": "name"}.get(refusal.code or ""), refusal)
        else:
            return _once(request, *made)
    return render(request, "accounts/provisioning.html", provisioning_context(request, form), status=422)


@never_cache
@require_POST
@allowed(Permission.CONFIGURE_SIGN_IN)
@fresh_second_factor
def rotate(request: PortalRequest, token_id: uuid.UUID) -> HttpResponse:
    """A token in place of another, which counts for another day."""
    token = _token_or_404(request, token_id)
    if not _is_first(request):
        return _made_already(request)
    try:
        made = scim_tokens.rotate(token=token, by=request.user)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect("provisioning")
    return _once(request, *made)


@require_POST
@allowed(Permission.CONFIGURE_SIGN_IN)
@fresh_second_factor
def revoke(request: PortalRequest, token_id: uuid.UUID) -> HttpResponse:
    """The token stops counting."""
    token = _token_or_404(request, token_id)
    attempt(request, scim_tokens.revoke, _("The token %(name)s is revoked.") % {"name": token.name}, token=token)
    return redirect("provisioning")


def _is_first(request: PortalRequest) -> bool:
    """Whether this showing of the form is sent for the first time: its answer is a page, so loading that again sends it again."""
    try:
        shown = uuid.UUID(request.POST.get("once", ""))
    except ValueError:
        return True
    return bool(cache.add(f"token_form:{request.user.pk}:{request.path}:{shown}", True, FORM_REMEMBERED))


def _made_already(request: PortalRequest) -> HttpResponse:
    told = _(
        "This form was sent already, and no second token is made. A token is shown once; make another if you have not copied it."
    )
    messages.warning(request, told)
    return redirect("provisioning")


def _once(request: PortalRequest, token: ScimToken, text: str) -> HttpResponse:
    context = {**provisioning_context(request), "new_token": token, "new_token_text": text}
    return render(request, "accounts/provisioning.html", context)


def _token_or_404(request: PortalRequest, token_id: uuid.UUID) -> ScimToken:
    """A token of the actor's partner (rule ACC-8)."""
    rows = ScimToken.objects.select_related("directory__partner")
    within = policy.within(request.actor, Permission.CONFIGURE_SIGN_IN, partner="directory__partner_id")
    return policy.get_or_404(rows.filter(within, directory__partner=partner_of(request)), pk=token_id)
