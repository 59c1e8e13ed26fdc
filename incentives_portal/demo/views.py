"""Signing in with one click, moving the clock and reading the mails. Exists in demonstration mode alone."""

import datetime as dt

from allauth.account.internal.flows.login import record_authentication
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from accounts import second_factor
from accounts.access import for_any_partner, open_without_second_factor
from accounts.models import User
from accounts.services import sessions
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear

from . import authenticator_app, mailbox
from .cast import CAST
from .waking import wake_everything

STEPS = {
    "hour": dt.timedelta(hours=1),
    "day": dt.timedelta(days=1),
    "two_days": dt.timedelta(hours=48),
    "month": dt.timedelta(days=30),
}


@for_any_partner
@open_without_second_factor
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Signs in as one of the cast, second factor included: who took their app away, and must have one, has another."""
    email = request.POST.get("email", "")
    if email not in {figure.email for figure in CAST}:
        raise Http404
    user = get_object_or_404(User, email=email)
    if second_factor.must_have_one(user):
        authenticator_app.hand_out(user)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    sessions.keep_in_list(request)
    record_authentication(request, user, method="password", email=user.email)
    record_authentication(request, user, method="mfa", type="totp", reauthenticated=True)
    return redirect("home")


@for_any_partner
@require_POST
def move_clock(request: HttpRequest) -> HttpResponse:
    """Moves the portal's clock forward by a step, or to the first day of the next fiscal year."""
    step = request.POST.get("step", "")
    if step == "new_year":
        clock.move_to(clock.start_of(FiscalYear.of(clock.today()).next.first_day) + dt.timedelta(hours=8))
    elif step in STEPS:
        clock.move(by=STEPS[step])
    else:
        raise Http404
    wake_everything()
    messages.success(request, _("The clock was moved. What became due is done within a few seconds."))
    return redirect("home")


@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """The mails that were sent, the newest first; `?to=` shows one person's."""
    mails, to = mailbox.newest(limit=1000), request.GET.get("to", "")
    recipients = sorted({mail.recipient for mail in mails})
    shown = [mail for mail in mails if to in {"", mail.recipient}][:100]
    return render(request, "demo/mail.html", {"mails": shown, "recipients": recipients, "to": to})


@require_safe
def one_mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail: who, what, and its text."""
    return render(request, "demo/mail_one.html", {"mail": _find(name), "text": _find(name).body("plain")})


@require_safe
@xframe_options_sameorigin
def one_mail_as_html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML of one mail as a mail client shows it, in a sandbox of its own."""
    response = HttpResponse(_find(name).body("html"))
    response._csp_replace = {  # type: ignore[attr-defined]
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "img-src": ["data:"],
        "frame-ancestors": ["'self'"],
        "sandbox": ["allow-top-navigation-by-user-activation"],
    }
    return response


def _find(name: str) -> mailbox.CaughtMail:
    found = mailbox.find(name)
    if found is None:
        raise Http404
    return found
