import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import PortalRequest, allowed, fresh_second_factor, fresh_second_factor_unless
from accounts.policy import get_or_404, require
from accounts.roles import Permission
from profiles import policy
from profiles.errors import ArchivedError, FieldsError, FrozenError, InUseError
from profiles.forms.payout import PayoutForm, initial_of
from profiles.identifiers.bank import CREDIT_NOTE
from profiles.models import DefaultBankProfile, PayoutProfile
from profiles.queries.comparing import compared
from profiles.queries.standing import rejection_of
from profiles.queries.versions import versions_of
from profiles.services import payouts
from profiles.usage import usage_of
from profiles.views.checking import holder_finding
from profiles.views.coming_back import back, next_of, query_of
from profiles.views.editing import draw, reach_of, redrawn, saved, usage_seen_by, wants_fields


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@allowed(Permission.EDIT_PROFILES)
@fresh_second_factor_unless(wants_fields)
def payout_new(request: PortalRequest) -> HttpResponse:
    """A new payout profile of the partner (rule PAY-1)."""
    partner = request.actor.partner
    assert partner is not None
    require(request.actor, Permission.EDIT_PROFILES)
    initial = {"bank_country": str(partner.country), "payment_method": "bank_transfer", "account_holder": partner.legal_name}
    if request.method == "POST" and not wants_fields(request):
        form = PayoutForm(request.POST, person=request.user, initial=initial)
        profile = saved(form, lambda: payouts.create(partner=partner, by=request.user, **form.details))
        if isinstance(profile, PayoutProfile):
            _say_saved(request, profile)
            return back(request, "payout", profile.pk)
    else:
        form = PayoutForm(person=request.user, initial=initial | (redrawn(request) if wants_fields(request) else {}))
    return draw(request, "profiles/payout_edit.html", form, {"holder": holder_finding(request, _holder(form))})


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@allowed(Permission.EDIT_PROFILES)
@fresh_second_factor_unless(wants_fields)
def payout_edit(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Changes a payout profile; says before saving what goes back to validation (rule ENR-4)."""
    profile = get_or_404(policy.payouts_visible_to(request.actor), pk=pk)
    policy.require_edit_payout(request.actor, profile)
    if profile.archived_at is not None or profile.frozen_at is not None:
        messages.error(request, str(FrozenError() if profile.frozen_at else ArchivedError()))
        return redirect("payout", profile.pk)
    return _edit(request, profile)


def _edit(request: PortalRequest, profile: PayoutProfile) -> HttpResponse:
    initial = initial_of(profile)
    version = profile.latest
    context: dict[str, Any] = {"profile": profile}
    if request.method == "POST" and not wants_fields(request):
        form = PayoutForm(request.POST, person=request.user, version=version, initial=initial)
        context |= _to_confirm(request, form, profile)
        if not context.get("changes"):
            done = saved(form, lambda: payouts.change(profile=profile, by=request.user, seen_version=_seen(form), **form.details))
            if isinstance(done, PayoutProfile):
                _say_saved(request, done)
                return back(request, "payout", profile.pk)
    else:
        shown = initial | (redrawn(request) if wants_fields(request) else {})
        form = PayoutForm(person=request.user, version=version, initial=shown)
    form.show_reasons(rejection_of(profile))
    context |= reach_of(request, profile)
    context["holder"] = holder_finding(request, _holder(form))
    return draw(request, "profiles/payout_edit.html", form, context)


@sensitive_variables()
def _to_confirm(request: PortalRequest, form: PayoutForm, profile: PayoutProfile) -> dict[str, Any]:
    """Before and after of a changed account, and the stamp that confirms it; nothing where that was seen already (rule PAY-5)."""
    if not form.is_valid() or profile.latest is None or profile.latest.number != _seen(form):
        return {}
    try:
        preview = payouts.preview(profile=profile, **form.details)
    except FieldsError:
        return {}
    if preview is None or preview.stamp == request.POST.get("confirmed"):
        return {}
    form.keep_what_is_right()
    rows = [row for row in compared(preview.version, profile.latest) if row.changed]
    return {"changes": rows, "stamp": preview.stamp}


def _holder(form: PayoutForm) -> str:
    return str(form["account_holder"].value() or "")


def _say_saved(request: PortalRequest, profile: PayoutProfile) -> None:
    """Says that it is saved, and what will be noticed about the account holder."""
    messages.success(request, _("“%(name)s” is saved.") % {"name": profile.name})
    version = profile.latest
    if version is None or version.payment_method == CREDIT_NOTE:
        return
    holder = holder_finding(request, version.account_holder)
    if holder and not holder.fine:
        messages.warning(request, _("Account holder: %(finding)s") % {"finding": holder.whole})


def _seen(form: PayoutForm) -> int:
    """The version that the page was opened with; a form without one is of no version, hence stale."""
    return form.cleaned_data["seen"] or 0


@require_GET
@allowed(Permission.SEE_PROFILES)
def payout(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """A payout profile: its versions and how they stand, what uses it, and archiving."""
    profile = get_or_404(policy.payouts_visible_to(request.actor), pk=pk)
    users, others = usage_seen_by(request, usage_of(profile))
    places = policy.locations_editable_by(request.actor)
    context = {
        "profile": profile,
        "versions": versions_of(profile),
        "users": users,
        "others": others,
        "defaults": DefaultBankProfile.objects.filter(payout_profile=profile, location__in=places).select_related("location"),
        "may_edit": policy.may_edit_payout(request.actor, profile),
        "next": next_of(request),
        "query": query_of(request),
    }
    return render(request, "profiles/payout.html", context)


@require_POST
@allowed(Permission.EDIT_PROFILES)
@fresh_second_factor
def payout_archive(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Archives a payout profile that nothing uses (rule PAY-4)."""
    profile = get_or_404(policy.payouts_visible_to(request.actor), pk=pk)
    policy.require_edit_payout(request.actor, profile)
    try:
        payouts.archive(profile=profile, by=request.user)
    except FrozenError as refused:
        messages.error(request, str(refused))
        return redirect("payout", profile.pk)
    except InUseError as refused:
        messages.error(request, _("Not archived, because it is in use: %(places)s") % {"places": refused})
        return redirect("payout", profile.pk)
    messages.success(request, _("“%(name)s” is archived.") % {"name": profile.name})
    return redirect("profiles")
