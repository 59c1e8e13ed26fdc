from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import PortalRequest, allowed, fresh_second_factor
from accounts.roles import Permission
from profiles import currencies, policy
from profiles.errors import CurrencyError, ProfileError
from profiles.forms.defaults import DefaultsForm
from profiles.models import DefaultBankProfile
from profiles.services import defaults as services
from profiles.views.coming_back import next_of


@require_http_methods(["GET", "POST"])
@allowed(Permission.EDIT_PROFILES)
@fresh_second_factor
def defaults(request: PortalRequest) -> HttpResponse:
    """Default bank profiles: a payout profile and a currency for a set of locations (rule PAY-2)."""
    places = policy.locations_editable_by(request.actor)
    if request.method == "POST" and "clear" in request.POST:
        return _clear(request)
    now = list(
        DefaultBankProfile.objects.filter(location__in=places)
        .select_related("location", "payout_profile__latest")
        .order_by("payout_profile__name", "location__name")
    )
    profiles = policy.payouts_visible_to(request.actor).filter(archived_at=None)
    assert request.actor.partner is not None
    initial = {"currency": now[0].currency if now else currencies.usual_in(str(request.actor.partner.country))}
    form = DefaultsForm(request.POST or None, initial=initial, profiles=profiles, locations=places, defaults=now)
    if request.method == "POST" and form.is_valid() and _set(request, form):
        return redirect("defaults")
    context = {"form": form, "defaults": now, "profiles": profiles, "next": next_of(request)}
    return render(request, "profiles/defaults.html", context)


def _set(request: PortalRequest, form: DefaultsForm) -> bool:
    profile = form.cleaned_data["payout_profile"]
    try:
        moves = services.set_default(
            locations=form.cleaned_data["locations"],
            payout_profile=profile,
            currency=form.cleaned_data["currency"],
            by=request.user,
        )
    except CurrencyError as refused:
        form.add_error("currency", str(refused))
        return False
    except ProfileError as refused:
        form.add_error(None, str(refused))
        return False
    text = ngettext(
        "“%(name)s” is now the default of %(count)d location.", "“%(name)s” is now the default of %(count)d locations.", len(moves)
    )
    messages.success(request, text % {"name": profile.name, "count": len(moves)})
    for move in moves:
        if move.before:
            moved = _("%(location)s moved here from “%(before)s”.")
            messages.info(request, moved % {"location": move.location, "before": move.before})
    return True


def _clear(request: PortalRequest) -> HttpResponse:
    """Takes away the default of one location in scope; a stale page, where there is none any more, is no error."""
    chosen = [place for place in policy.locations_editable_by(request.actor) if str(place.pk) == request.POST["clear"]]
    for move in services.clear(locations=chosen, by=request.user):
        messages.success(request, _("%(location)s has no default bank profile any more.") % {"location": move.location})
    return redirect("defaults")
