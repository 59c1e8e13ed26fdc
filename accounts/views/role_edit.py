"""Assigning, changing and ending one role of one member (rules ACC-1, ACC-4)."""

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts import policy
from accounts.access import PortalRequest, allowed, fresh_second_factor
from accounts.forms import RoleForm
from accounts.models import Membership, RoleAssignment
from accounts.queries.coverage import coverage
from accounts.roles import ROLES, PartnerRole, Permission
from accounts.services import authority
from accounts.services import roles as services
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
    seen = str(assignment.pk) if assignment else ""
    form = RoleForm(
        request.POST or None,
        partner=membership.partner,
        role=role,
        held=held,
        initial=RoleForm.initial_of(held, seen),
    )
    if request.method == "POST" and form.is_valid() and _saved(request, form, membership, role, held, seen):
        return redirect("person", membership.pk)
    context = {
        "form": form,
        "membership": membership,
        "role": role,
        "role_label": PartnerRole(role).label,
        "sentence": ROLES[role].sentence,
        "assignment": assignment,
    }
    return render(request, "accounts/role_edit.html", context, status=422 if form.is_bound else 200)


def _saved(
    request: PortalRequest, form: RoleForm, membership: Membership, role: str, held: services.Terms | None, seen: str
) -> bool:
    """Whether the role now stands as asked; if not, the form says why and keeps what was typed."""
    terms = form.terms()
    if form.cleaned_data["seen"] != seen and _asked(terms) != held:
        form.add_error(None, _("Somebody else changed this role in the meantime. Load the page again to see it as it is now."))
        return False
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


@require_POST
@allowed(Permission.ASSIGN_INCENTIVES_ROLES)
@fresh_second_factor
def role_end(request: PortalRequest, membership_id: uuid.UUID, role: str) -> HttpResponse:
    """Ends the role at once."""
    membership, assignment = _member_and_role(request, membership_id, role)
    names = {"person": membership.user, "role": PartnerRole(role).label}
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
