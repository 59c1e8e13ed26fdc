"""*This wasn't me* (rule PAY-5): the page behind the mail's link, and the reviewers' page on which an alarm is settled."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access import PortalRequest, allowed
from accounts.policy import get_or_404
from accounts.roles import Permission
from incentives_portal.core import wall
from profiles import policy
from profiles.alarm_links import read
from profiles.errors import AlarmLinkError, ProfileError
from profiles.forms.alarm import SettleForm
from profiles.queries.comparing import compared
from profiles.services import alarms


@never_cache
@require_http_methods(["GET", "POST"])
def bank_alarm(request: HttpRequest, token: str) -> HttpResponse:
    """Works signed out, asks once, freezes and does nothing else. Opening it changes nothing: mail scanners open links, too."""
    try:
        version, _user = read(token)
    except AlarmLinkError as refused:
        return render(request, "profiles/alarm_refused.html", {"refusal": str(refused)}, status=410)
    wall.look(version.profile.partner_id)
    alarm = alarms.alarm_about(version)
    if request.method == "POST" and alarm is None:
        alarm = alarms.raise_alarm(token=token)
    context = {"profile": version.profile, "version": version, "alarm": alarm}
    return render(request, "profiles/alarm.html", context)


@require_http_methods(["GET", "POST"])
@allowed(Permission.REVIEW)
def alarm(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """What was changed, who reported it, and the two ways to settle it."""
    found: Any = get_or_404(policy.alarms_visible_to(request.actor), pk=pk)
    form = SettleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            alarms.settle(alarm=found, by=request.user, seen=request.POST.get("version"), **form.answer)
        except ProfileError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The report on “%(name)s” is settled.") % {"name": found.profile.name})
            return redirect("reviews")
    before = alarms.version_before(found.version)
    context = {"alarm": found, "profile": found.profile, "form": form, "rows": compared(found.version, before), "before": before}
    return render(request, "reviews/alarm.html", context, status=422 if form.is_bound else 200)
