"""Asks for a fresh second factor, and loses neither the way nor what was typed (rule ACC-9).

What a late POST carries goes back into the page that asks, as hidden inputs of the same answer, and comes again with the
code. It is written down nowhere: bank and tax numbers may be among it.
"""

from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm
from allauth.mfa.webauthn.internal.auth import begin_authentication
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django_htmx.http import HttpResponseClientRedirect, reswap, retarget

from accounts import coming_back, second_factor
from accounts.carrying import carried
from accounts.second_factor_forms import ReauthenticateForm

PREFIX = "second_factor"
_OWN = {"csrfmiddlewaretoken", f"{PREFIX}-code", f"{PREFIX}-credential"}


def ask(request: HttpRequest) -> HttpResponse | None:
    """The answer that asks for a second factor; None where it is fresh, or confirmed by this very request."""
    if second_factor.is_fresh(request):
        return None
    if request.method in {"GET", "HEAD"}:
        return lead_to_confirming(request)
    return _ask_in_between(request)


def lead_to_confirming(request: HttpRequest) -> HttpResponse:
    """To the page that asks, and from there back here; who has no second factor is led to set one up first."""
    if not second_factor.has_one(request.user):
        return lead_to_setting_up(request)
    page = get_adapter().get_reauthentication_methods(request.user)[0]["url"]
    return _redirect(request, f"{page}?{urlencode({'next': coming_back.page_of(request)})}")


def lead_to_setting_up(request: HttpRequest) -> HttpResponse:
    """To the page where a second factor is set up, which leads back here afterwards."""
    request.session[second_factor.NEXT_KEY] = coming_back.page_of(request)
    messages.warning(request, _("Set up a second factor first. It protects bank details and roles even when a password is lost."))
    return _redirect(request, reverse("mfa_index"))


def may_add_a_factor(request: HttpRequest) -> bool:
    """Whether a first factor can be trusted to be the person's own.

    Who has a password is asked for it by allauth. Who comes through their directory alone has nothing to be asked for here:
    only a sign-in of a moment ago counts, lest a session that was left open be given a second factor by somebody else.
    """
    return second_factor.is_proved_enough(request) or bool(get_adapter().get_reauthentication_methods(request.user))


def lead_to_signing_in_again(request: HttpRequest) -> HttpResponse:
    """Out, and by the sign-in page back here."""
    page = coming_back.page_of(request)
    logout(request)
    messages.warning(request, _("Sign in again before you set up a second factor."))
    return redirect_to_login(page)


def _redirect(request: HttpRequest, address: str) -> HttpResponse:
    return HttpResponseClientRedirect(address) if getattr(request, "htmx", None) else redirect(address)


@sensitive_variables()
def _ask_in_between(request: HttpRequest) -> HttpResponse | None:
    """Asks between a POST and what it does. With the right code, what it does follows at once."""
    has_one = second_factor.has_one(request.user)
    code, passkey = _forms(request) if has_one else (None, None)
    for form in (code, passkey):
        if form is not None and form.is_bound and form.is_valid():
            form.save()
            _forget_code(request)
            return None
    context: dict[str, Any] = {
        "form": code,
        "passkey": passkey,
        "carried": carried(request, but=_OWN),
        "has_files": bool(request.FILES),
        "address": request.get_full_path(),
        "has_one": has_one,
    }
    if passkey is not None:
        context["js_data"] = {"request_options": begin_authentication(request.user)}
    response = render(request, "accounts/ask_second_factor.html", context)
    add_never_cache_headers(response)
    return reswap(retarget(response, "body"), "innerHTML") if getattr(request, "htmx", None) else response


def _forms(request: HttpRequest) -> tuple[ReauthenticateForm | None, ReauthenticateWebAuthnForm | None]:
    """What the person can confirm with: a code, a passkey, or either. The one that was sent is filled in."""
    ways = {way["id"] for way in get_adapter().get_reauthentication_methods(request.user)}

    def filled(name: str) -> Any:
        return request.POST if f"{PREFIX}-{name}" in request.POST else None

    code = passkey = None
    if "mfa_reauthenticate" in ways:
        code = ReauthenticateForm(filled("code"), user=request.user, prefix=PREFIX)
    if "mfa_reauthenticate:webauthn" in ways:
        passkey = ReauthenticateWebAuthnForm(filled("credential"), user=request.user, prefix=PREFIX)
    return code, passkey


def _forget_code(request: HttpRequest) -> None:
    """The view gets what the person sent to it, and no code."""
    given = request.POST.copy()
    for name in _OWN - {"csrfmiddlewaretoken"}:
        given.pop(name, None)
    request.POST = given  # type: ignore[assignment]
