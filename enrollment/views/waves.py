"""Waves of invitations, run by program managers (rule INV-1)."""

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import PortalRequest, allowed
from accounts.roles import Permission
from accounts.views.doing import attempt
from enrollment.models import InvitationWave, Program
from enrollment.queries import waves as queries
from enrollment.requirement_draft import countries_in
from enrollment.services import waves as services
from enrollment.services.invitations import due
from incentives_portal.core import clock
from incentives_portal.core.visible import visible_text

LISTED = 50


class WaveForm(forms.Form):
    """Which programs and countries a wave invites, and how many at most."""

    name = forms.CharField(label=_("Name"), max_length=80, validators=[visible_text], help_text=_("For program managers alone."))
    programs = forms.ModelMultipleChoiceField(
        label=_("Programs"), queryset=Program.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    countries = forms.CharField(
        label=_("Countries"),
        required=False,
        max_length=1000,
        help_text=_("By name or two-letter code, separated by commas. Leave empty for all."),
    )
    at_most = forms.IntegerField(
        label=_("At most"),
        required=False,
        min_value=1,
        max_value=10_000_000,
        help_text=_("So many invitations. Leave empty for no limit."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["programs"]
        programs = Program.objects.exclude(discontinued_on__lt=clock.today())
        field.queryset = programs.filter(level=Program.Level.LOCATION).order_by("code")

    def clean_countries(self) -> tuple[str, ...]:
        codes, unknown = countries_in(self.cleaned_data["countries"])
        if unknown:
            raise forms.ValidationError(gettext("No country is called %(names)s.") % {"names": ", ".join(unknown)})
        return codes


@require_safe
@allowed(Permission.MANAGE_PROGRAMS)
def waves(request: PortalRequest) -> HttpResponse:
    """What is due by program, and the waves, the newest first."""
    names = {program.pk: program for program in Program.objects.all()}
    counted = due(in_waves=True).order_by().values_list("program").annotate(n=Count("pk"))
    waiting = sorted(((names[pk], count) for pk, count in counted), key=lambda one: one[0].code)
    listed = InvitationWave.objects.select_related("created_by").prefetch_related("programs")[:LISTED]
    return render(request, "programs/waves.html", {"waiting": waiting, "waves": listed})


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PROGRAMS)
def wave_new(request: PortalRequest) -> HttpResponse:
    """Plans a wave; its page then shows whom it would invite, before anybody is."""
    form = WaveForm(request.POST or None, initial={"programs": Program.objects.filter(code=request.GET.get("program", ""))})
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        wave = services.plan(
            name=given["name"],
            programs=list(given["programs"]),
            countries=given["countries"],
            at_most=given["at_most"],
            by=request.user,
        )
        return redirect("wave", wave.pk)
    return render(request, "programs/wave_new.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@allowed(Permission.MANAGE_PROGRAMS)
def wave(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Whom it would still invite, and what became of those it has; follows by itself while it runs."""
    found = get_object_or_404(InvitationWave.objects.select_related("created_by").prefetch_related("programs"), pk=pk)
    context = {
        "wave": found,
        "preview": None if found.is_over else queries.preview(found),
        "sent": queries.sent(found) if found.invited else None,
    }
    response = render(request, "programs/_wave.html" if request.htmx else "programs/wave.html", context)
    # Who goes back to the page must not get the part that followed it.
    patch_vary_headers(response, ["HX-Request"])
    return response


Verb = Callable[..., InvitationWave]


def _turned(request: PortalRequest, pk: uuid.UUID, verb: Verb, done: str) -> HttpResponse:
    found = get_object_or_404(InvitationWave, pk=pk)
    attempt(request, verb, done, wave=found)
    return redirect("wave", pk)


@require_POST
@allowed(Permission.MANAGE_PROGRAMS)
def wave_start(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Begins to send."""
    return _turned(request, pk, services.start, gettext("The wave is running."))


@require_POST
@allowed(Permission.MANAGE_PROGRAMS)
def wave_pause(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Holds it."""
    return _turned(request, pk, services.pause, gettext("The wave is paused. Its programs invite nobody until it goes on or ends."))


@require_POST
@allowed(Permission.MANAGE_PROGRAMS)
def wave_resume(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Goes on."""
    return _turned(request, pk, services.resume, gettext("The wave goes on."))


@require_POST
@allowed(Permission.MANAGE_PROGRAMS)
def wave_cancel(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Ends it early."""
    return _turned(request, pk, services.cancel, gettext("The wave has ended. Who is invited stays invited."))
