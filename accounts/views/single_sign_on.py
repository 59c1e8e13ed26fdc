"""*Sign in with your company* (rule ACC-5): the address, the way to the partner's provider, and back."""

import logging
from urllib.parse import urlsplit

from allauth.account.internal.flows.login import record_authentication
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.coming_back import own_page
from accounts.mail_addresses import domain_of
from accounts.middleware import OWN_KEYS, PARTNER_KEY, THROUGH_KEY
from accounts.models import Directory
from accounts.policy import Scope
from accounts.queries.who_can import who_can
from accounts.roles import Permission
from accounts.services import directory_sign_in, sessions, signing_in
from accounts.sso import flow, tokens
from incentives_portal.core.visible import visible_text

logger = logging.getLogger(__name__)
OWN_BACKEND = "django.contrib.auth.backends.ModelBackend"
HINT_KEY = "single_sign_on_hint"


class AddressForm(forms.Form):
    """The work address, whose domain says which company's provider to go to."""

    email = forms.EmailField(
        label=gettext_lazy("Work e-mail address"),
        validators=[visible_text],
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )

    def clean_email(self) -> str:
        """Says the same of an address nobody knows and of one that signs in by password: only domains are looked up."""
        email: str = self.cleaned_data["email"]
        rows = Directory.objects.filter(is_sign_in_on=True, domains__domain=domain_of(email), domains__proven_at__isnull=False)
        self.directory = rows.first()
        if self.directory is None:
            raise ValidationError(
                _("There is no single sign-on for this address. Sign in with your password."), code="no_single_sign_on"
            )
        return email


@never_cache
@require_http_methods(["GET", "POST"])
def single_sign_on(request: HttpRequest) -> HttpResponse:
    """Asks for the address, and leads on to its company's provider.

    The answer is a page that moves on by itself and no redirect: the content security policy lets a form lead to no other site.
    """
    form = AddressForm(request.POST or None)
    next_page = request.POST.get("next", request.GET.get("next", ""))
    if request.method == "POST" and form.is_valid():
        assert form.directory is not None
        request.session[HINT_KEY] = form.cleaned_data["email"]
        return _leave(request, form.directory, next_page)
    context = {"form": form, "next": next_page}
    return render(request, "accounts/single_sign_on.html", context, status=422 if form.is_bound else 200)


def _leave(request: HttpRequest, directory: Directory, next_page: str) -> HttpResponse:
    query = f"?{urlencode({'next': next_page})}" if next_page else ""
    address = reverse("single_sign_on_start", args=[directory.key]) + query
    return render(request, "accounts/single_sign_on_leaving.html", {"directory": directory, "address": address})


@never_cache
@require_GET
def start(request: HttpRequest, key: str) -> HttpResponse:
    """Off to the provider of one directory. Companies may link here from their own pages."""
    directory = _directory_or_404(key)
    try:
        address = flow.begin(
            request.session,
            directory=directory,
            next_page=request.GET.get("next", ""),
            hint=request.session.pop(HINT_KEY, ""),
            anew=_leads_to_own_keys(request.GET.get("next", "")),
        )
    except ValidationError as refusal:
        return _refused(request, directory, refusal)
    return redirect(address)


@never_cache
@require_GET
def come_back(request: HttpRequest, key: str) -> HttpResponse:
    """Back from the provider: let in, or told in words why not."""
    directory = _directory_or_404(key)
    try:
        arrival = flow.finish(request.session, directory=directory, answer=request.GET)
        admitted = directory_sign_in.admit(directory=directory, claims=arrival.claims)
    except ValidationError as refusal:
        return _refused(request, directory, refusal)
    _sign_in(request, directory, admitted, arrival)
    return redirect(own_page(request, arrival.next) or settings.LOGIN_REDIRECT_URL)


def _leads_to_own_keys(path: str) -> bool:
    """Whether somebody is on the way to their second factor: a session that was left open, here or at the provider, must not be
    given one by somebody else."""
    try:
        name = resolve(urlsplit(path).path).url_name or ""
    except (Resolver404, ValueError):
        return False
    return name.startswith(OWN_KEYS)


def _directory_or_404(key: str) -> Directory:
    directory = Directory.objects.select_related("partner").filter(key=key, is_sign_in_on=True).first()
    if directory is None:
        raise Http404
    return directory


def _sign_in(request: HttpRequest, directory: Directory, admitted: directory_sign_in.Admitted, arrival: flow.Arrival) -> None:
    """Opens the session, which speaks for this partner alone. A second factor counts where the provider saw one just now."""
    user = admitted.membership.user
    login(request, user, backend=OWN_BACKEND)
    sessions.keep_in_list(request)
    request.session[PARTNER_KEY] = request.session[THROUGH_KEY] = str(directory.partner_id)
    record_authentication(request, user, method="directory", directory=directory.key, at=arrival.proved_at)
    factor_at = tokens.fresh_second_factor_at(arrival.claims)
    if factor_at is not None:
        record_authentication(request, user, method="mfa", type="directory", at=factor_at)
    # Django's `login` announces nothing to the listeners of allauth. The session speaks for this partner: it is in no other's log.
    methods = ["directory", *(["directory_second_factor"] if factor_at is not None else [])]
    signing_in.record("signed_in", user, by=user, after={"methods": methods}, only=directory.partner_id)
    for words in admitted.kept:
        messages.warning(request, words)
    if not admitted.membership.roles.filter(ended_at=None).exists():
        _say_who_gives_roles(request, directory)


def _say_who_gives_roles(request: HttpRequest, directory: Directory) -> None:
    """Rule ACC-7 for somebody whose groups give no role."""
    names = who_can(Permission.ASSIGN_INCENTIVES_ROLES, Scope(directory.partner_id)).holders
    messages.info(
        request,
        _("You belong to %(partner)s and have no role yet. These people can give you one: %(names)s.")
        % {"partner": directory.partner, "names": ", ".join(names[:5])},
    )


def _refused(request: HttpRequest, directory: Directory, refusal: ValidationError) -> HttpResponse:
    logger.info("single sign-on refused: %s", refusal.code)
    # The page's language switch leads back to its own address: without the provider's answer, which counts no more.
    request.META["QUERY_STRING"] = ""
    context = {"directory": directory, "words": refusal.messages, "code": refusal.code}
    return render(request, "accounts/single_sign_on_refused.html", context, status=403)
