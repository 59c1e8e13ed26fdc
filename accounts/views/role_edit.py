"""Assigning, changing and ending one role of one member (rules ACC-1, ACC-4)."""

import hashlib
import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts import policy
from accounts.access import PortalRequest, allowed, fresh_second_factor
from accounts.forms import RoleForm
from accounts.models import Membership, Origin, RoleAssignment
from accounts.queries.coverage import NOWHERE, Impact, coverage, impact
from accounts.roles import ROLES, PartnerRole, Permission
from accounts.services import authority
from accounts.services import roles as services
from accounts.views.doing import seal
from accounts.views.seen import member_or_404, partner_of


def _member_and_role(request: PortalRequest, membership_id: uuid.UUID, role: str) -> tuple[Membership, RoleAssignment | None]:
    """The member and the role as it is held now. Raises Http404, or NotAllowedError where the actor may not assign it."""
    membership = member_or_404(request, membership_id)
    if role not in PartnerRole.values:
        raise Http404
    if not policy.may_assign(request.actor, role):
        raise policy.NotAllowedError(authority.NEEDED[role], policy.Scope(membership.partner_id))
    return membership, RoleAssignment.objects.filter(membership=membership, role=role, ended_at=None).first()


@require_http_methods(["GET", "POST"])
@allowed(Permission.ASSIGN_INCENTIVES_ROLES)
@fresh_second_factor
def role_edit(request: PortalRequest, membership_id: uuid.UUID, role: str) -> HttpResponse:
    """*Entire organization*, or *one or more locations listed below*; programs and an expiry date where wanted."""
    membership, assignment = _member_and_role(request, membership_id, role)
    held = services.Terms.of(assignment) if assignment else None
    seen = _seal_of(assignment, held)
    form = RoleForm(request.POST or None, partner=membership.partner, role=role, held=held, initial=RoleForm.initial_of(held, seen))
    found: Impact | None = None
    if form.is_bound and form.is_looking:
        form.look()
    elif form.is_bound and form.is_valid() and _is_fresh(form, held, seen):
        found = _unconfirmed(request, form, membership, role)
        if not found and _saved(request, form, membership, role):
            return redirect("person", membership.pk)
    context = {
        "form": form,
        "membership": membership,
        "role": role,
        "role_label": PartnerRole(role).label,
        "sentence": ROLES[role].sentence,
        "assignment": assignment,
        "is_directorys": assignment is not None and assignment.origin == Origin.DIRECTORY,
        "impact": found,
        "seal": seal(found) if found else "",
    }
    return render(request, "accounts/role_edit.html", context, status=422 if form.is_bound and form.errors else 200)


def _seal_of(assignment: RoleAssignment | None, held: services.Terms | None) -> str:
    """Names the terms that a page shows, so that a stale page overwrites nobody's change."""
    if assignment is None or held is None:
        return ""
    if not held.location_ids:
        return str(assignment.pk)
    places = ",".join(sorted(map(str, held.location_ids)))
    return f"{assignment.pk}-{hashlib.sha256(places.encode()).hexdigest()[:12]}"


def _unconfirmed(request: PortalRequest, form: RoleForm, membership: Membership, role: str) -> Impact | None:
    """What the asked terms leave uncovered, unless the person has seen exactly that and goes on (rule ACC-2)."""
    if role != PartnerRole.INCENTIVES_ADMIN or membership.suspended_at:
        return None
    terms = _asked(form.terms())
    reach = None if terms.entire_organization else terms.location_ids
    found = impact(membership.partner_id, {membership.user_id: reach})
    if terms.expires_on is not None and not found:
        # What ends on a day leaves a gap on the next.
        found = impact(membership.partner_id, {membership.user_id: NOWHERE}) if _is_sooner(membership, role, terms) else found
    return found if found and request.POST.get("confirmed") != seal(found) else None


def _is_sooner(membership: Membership, role: str, terms: services.Terms) -> bool:
    """Whether the role now lasts longer than these terms."""
    held = RoleAssignment.objects.filter(membership=membership, role=role, ended_at=None).first()
    return held is not None and (held.expires_on is None or held.expires_on > terms.expires_on)  # type: ignore[operator]


def _is_fresh(form: RoleForm, held: services.Terms | None, seen: str) -> bool:
    """Whether the role is still the one that the page showed; if not, the form says so."""
    if form.cleaned_data["seen"] == seen or _asked(form.terms()) == held:
        return True
    form.add_error(None, _("Somebody else changed this role in the meantime. Load the page again to see it as it is now."))
    return False


def _saved(request: PortalRequest, form: RoleForm, membership: Membership, role: str) -> bool:
    """Whether the role now stands as asked; if not, the form says why and keeps what was typed."""
    terms = form.terms()
    gaps = len(coverage(membership.partner_id).gaps)
    try:
        services.assign(membership=membership, role=role, **terms, by=request.user)
    except ValidationError as refusal:
        form.add_error("locations" if refusal.code == "no_location" else None, refusal)
        return False
    names = {"person": membership.user, "role": PartnerRole(role).label}
    messages.success(request, _("%(person)s: the role %(role)s is saved.") % names)
    _warn_of_gaps(request, gaps)
    return True


def _asked(terms: dict[str, object]) -> services.Terms:
    """What a second click of the same button asks for is what is held already: no conflict."""
    return services.Terms.asked(**terms)  # type: ignore[arg-type]


@require_http_methods(["GET", "POST"])
@allowed(Permission.ASSIGN_INCENTIVES_ROLES)
@fresh_second_factor
def role_end(request: PortalRequest, membership_id: uuid.UUID, role: str) -> HttpResponse:
    """What the end of the role leaves uncovered; POST ends it at once."""
    membership, assignment = _member_and_role(request, membership_id, role)
    names = {"person": membership.user, "role": PartnerRole(role).label}
    if request.method != "POST":
        reach = {membership.user_id: NOWHERE} if role == PartnerRole.INCENTIVES_ADMIN else {}
        context = {
            "membership": membership,
            "impact": impact(membership.partner_id, reach),
            "title": _("End the role %(role)s of %(person)s?") % names,
            "sentence": ROLES[role].sentence,
            "button": _("End the role"),
        }
        return render(request, "accounts/confirm.html", context)
    gaps = len(coverage(membership.partner_id).gaps)
    try:
        if assignment is None:
            raise ValidationError(_("This role had already ended."))
        services.end(assignment=assignment, by=request.user)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, _("%(person)s: the role %(role)s has ended.") % names)
        _warn_of_gaps(request, gaps)
    return redirect("person", membership.pk)


def _warn_of_gaps(request: PortalRequest, before: int) -> None:
    """Says at once where the change left a location without an active incentives admin (rule ACC-2)."""
    gaps = len(coverage(partner_of(request).pk).gaps)
    if gaps > before:
        warning = ngettext(
            "%(count)s location has no active incentives admin now.",
            "%(count)s locations have no active incentives admin now.",
            gaps,
        )
        messages.warning(request, warning % {"count": gaps})
