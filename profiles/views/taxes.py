import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import PortalRequest, allowed, fresh_second_factor, fresh_second_factor_unless
from accounts.models import Location
from accounts.policy import can, get_or_404, require
from accounts.roles import Permission
from profiles import policy
from profiles.errors import ArchivedError, InUseError
from profiles.forms.tax import TaxForm, initial_of
from profiles.models import TaxProfile
from profiles.queries.standing import rejection_of
from profiles.queries.versions import versions_of
from profiles.services import taxes
from profiles.standing import is_submitted
from profiles.usage import usage_of
from profiles.views.coming_back import back, next_of, query_of
from profiles.views.editing import draw, reach_of, redrawn, saved, usage_seen_by, wants_fields


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@allowed(Permission.EDIT_PROFILES)
@fresh_second_factor_unless(wants_fields)
def tax_new(request: PortalRequest) -> HttpResponse:
    """A new tax profile of one location, which the address names (rule TAX-1)."""
    location = _location(request)
    if location is None:
        places = policy.locations_editable_by(request.actor)
        return render(request, "profiles/tax_where.html", {"places": places, "next": next_of(request)})
    initial = {
        "name": location.name,
        "legal_name": location.partner.legal_name,
        "city": location.city,
        "country": str(location.country),
        "classification": "company",
    }
    if request.method == "POST" and not wants_fields(request):
        form = TaxForm(request.POST, person=request.user, initial=initial)
        profile = saved(form, lambda: taxes.create(location=location, by=request.user, **form.details))
        if profile is not None:
            messages.success(request, _("“%(name)s” is saved.") % {"name": profile.name})
            return back(request, "tax", profile.pk)
    else:
        form = TaxForm(person=request.user, initial=initial | (redrawn(request) if wants_fields(request) else {}))
    return draw(request, "profiles/tax_edit.html", form, {"location": location})


def _location(request: PortalRequest) -> Location | None:
    """The location that the address names, or the only one in scope; None where one has to be chosen."""
    places = policy.locations_editable_by(request.actor).select_related("partner")
    if "location" not in request.GET:
        few = list(places[:2])
        return few[0] if len(few) == 1 else None
    try:
        return get_or_404(places, pk=uuid.UUID(request.GET["location"]))
    except ValueError:
        raise Http404 from None


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@allowed(Permission.EDIT_PROFILES)
@fresh_second_factor_unless(wants_fields)
def tax_edit(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Changes a tax profile; says before saving what goes back to validation (rule ENR-4)."""
    profile = get_or_404(policy.taxes_visible_to(request.actor), pk=pk)
    require(request.actor, Permission.EDIT_PROFILES, profile.scope)
    if profile.archived_at is not None:
        messages.error(request, str(ArchivedError()))
        return redirect("tax", profile.pk)
    return _edit(request, profile)


def _edit(request: PortalRequest, profile: TaxProfile) -> HttpResponse:
    initial = initial_of(profile)
    version = profile.latest
    if request.method == "POST" and not wants_fields(request):
        form = TaxForm(request.POST, person=request.user, version=version, initial=initial)
        done = saved(form, lambda: taxes.change(profile=profile, by=request.user, seen_version=_seen(form), **form.details))
        if done is not None:
            messages.success(request, _("“%(name)s” is saved.") % {"name": done.name})
            return back(request, "tax", profile.pk)
    else:
        shown = initial | (redrawn(request) if wants_fields(request) else {})
        form = TaxForm(person=request.user, version=version, initial=shown)
    form.show_reasons(rejection_of(profile))
    context = {"profile": profile, "location": profile.location} | reach_of(request, profile)
    return draw(request, "profiles/tax_edit.html", form, context)


def _seen(form: TaxForm) -> int:
    """The version that the page was opened with; a form without one is of no version, hence stale."""
    return form.cleaned_data["seen"] or 0


@require_GET
@allowed(Permission.SEE_PROFILES)
def tax(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """A tax profile: its versions and how they stand, what uses it, and archiving."""
    profile = get_or_404(policy.taxes_visible_to(request.actor), pk=pk)
    users, others = usage_seen_by(request, usage_of(profile))
    context = {
        "profile": profile,
        "versions": versions_of(profile),
        "is_submitted": is_submitted(profile),
        "changing": reach_of(request, profile),
        "documents": profile.documents.filter(removed_at=None).select_related("uploaded_by"),
        "users": users,
        "others": others,
        "may_edit": can(request.actor, Permission.EDIT_PROFILES, profile.scope),
        "next": next_of(request),
        "query": query_of(request),
    }
    return render(request, "profiles/tax.html", context)


@require_POST
@allowed(Permission.EDIT_PROFILES)
@fresh_second_factor
def tax_archive(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Archives a tax profile that no live enrollment uses (rule PAY-4)."""
    profile = get_or_404(policy.taxes_visible_to(request.actor), pk=pk)
    require(request.actor, Permission.EDIT_PROFILES, profile.scope)
    try:
        taxes.archive(profile=profile, by=request.user)
    except InUseError as refused:
        messages.error(request, _("Not archived, because it is in use: %(places)s") % {"places": refused})
        return redirect("tax", profile.pk)
    messages.success(request, _("“%(name)s” is archived.") % {"name": profile.name})
    return redirect("profiles")
