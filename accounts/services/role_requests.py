"""Asking for a role, and the answer (rule ACC-7)."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.actor import roles_in_force
from accounts.models import Location, Membership, Partner, RoleAssignment, RoleRequest, User
from accounts.roles import ADMIN_ROLES, INCENTIVES_ROLES, PartnerRole
from accounts.services import authority, roles
from incentives_portal.core import audit, clock, outbox

A_DAY, ASKED_A_DAY = dt.timedelta(days=1), 5


def pending(partner: Partner) -> QuerySet[RoleRequest]:
    """What the partner's members ask for and nobody has answered. Who was suspended or left asks for nothing."""
    rows = RoleRequest.objects.filter(partner=partner, answered_at=None, membership__suspended_at=None)
    return rows.filter(membership__user__is_active=True).select_related("membership__user", "membership__partner")


def granters_of(partner: Partner, role: str) -> QuerySet[User]:
    """Who can grant `role` now: global admins every role, account admins the incentives roles."""
    able = ADMIN_ROLES if role in INCENTIVES_ROLES else frozenset({PartnerRole.GLOBAL_ADMIN})
    held = RoleAssignment.objects.filter(roles_in_force(), partner=partner, role__in=able)
    return User.objects.filter(pk__in=held.values("membership__user"))


@transaction.atomic
def ask(
    *,
    membership: Membership,
    role: str,
    entire_organization: bool,
    locations: Iterable[Location] = (),
    program_code: str = "",
    words: str = "",
    by: User,
) -> RoleRequest:
    """Asks for `role`; every admin who can grant it gets a mail. One open request per member and role, five a day.

    Raises ValidationError where the terms make no sense, the role is held on them already, one is open, or it is one too many.
    """
    places = [] if entire_organization else list(locations)
    terms = roles.Terms.asked(
        entire_organization=entire_organization, locations=places, program_codes=[program_code] if program_code else []
    )
    terms.refuse_nonsense(role)
    if any(place.partner_id != membership.partner_id for place in places):
        raise ValidationError(_("A location does not belong to this partner."), code="foreign_location")
    # The lock orders two clicks, and whoever asks for many things at once.
    Membership.objects.select_for_update(no_key=True).get(pk=membership.pk)
    _refuse_needless(membership, role, terms)
    request = RoleRequest(
        membership=membership,
        partner_id=membership.partner_id,
        role=role,
        entire_organization=entire_organization,
        location_ids=sorted(place.pk for place in places),
        program_code=program_code,
        words=words.strip(),
    )
    _insert(request)
    audit.record("role_requested", request, by=by, after=_facts(request))
    for admin in granters_of(membership.partner, role).exclude(pk=by.pk):
        _owe(request, "role_requested", admin, reverse("role_request", args=[request.pk]))
    return request


def _refuse_needless(membership: Membership, role: str, terms: roles.Terms) -> None:
    held = RoleAssignment.objects.filter(roles_in_force(), membership=membership, role=role).first()
    if held is not None and roles.Terms.of(held).covers(terms):
        raise ValidationError(_("You have this role there already."), code="held")
    recent = RoleRequest.objects.filter(membership=membership, asked_at__gt=clock.now() - A_DAY)
    if recent.count() >= ASKED_A_DAY:
        raise ValidationError(_("You have asked five times within a day. Wait for an answer, or ask again tomorrow."), code="many")


def _insert(request: RoleRequest) -> None:
    try:
        with transaction.atomic():
            request.save(force_insert=True)
    except IntegrityError:
        raise ValidationError(
            _("You have asked for this role already, and nobody has answered yet. Withdraw that request to ask anew."), code="open"
        ) from None


@transaction.atomic
def grant(*, request: RoleRequest, by: Any) -> RoleAssignment:
    """Gives what was asked for, beside what the member holds of this role already. Raises as `roles.assign` does."""
    locked = _take(request)
    authority.require_may_assign(by, locked.membership.partner, locked.role)
    assignment = roles.assign(membership=locked.membership, role=locked.role, quiet=True, **terms_after(locked), by=by)
    _answer(locked, RoleRequest.Answer.GRANTED, by)
    audit.record("role_request_granted", locked, by=by, after=_facts(locked))
    _owe(locked, "role_request_answered", locked.membership.user, reverse("my_roles"), by=by)
    return assignment


@transaction.atomic
def decline(*, request: RoleRequest, by: Any) -> None:
    """Says no, and tells the member. Raises NotAllowedError where `by` could not grant it either."""
    locked = _take(request)
    authority.require_may_assign(by, locked.membership.partner, locked.role)
    _answer(locked, RoleRequest.Answer.DECLINED, by)
    audit.record("role_request_declined", locked, by=by, before=_facts(locked))
    _owe(locked, "role_request_answered", locked.membership.user, reverse("my_roles"), by=by)


@transaction.atomic
def withdraw(*, request: RoleRequest, by: User) -> None:
    """Takes one's own request back. Raises PermissionDenied where it is somebody else's."""
    locked = _take(request)
    if locked.membership.user_id != by.pk:
        raise PermissionDenied
    _answer(locked, RoleRequest.Answer.WITHDRAWN, by)
    audit.record("role_request_withdrawn", locked, by=by, before=_facts(locked))


def terms_after(request: RoleRequest) -> dict[str, Any]:
    """The terms on which the member would hold the role if the request were granted: what they hold now, and what they ask for.

    The keyword arguments of `roles.assign`. A role has one set of programs for all of its locations.
    """
    asked_programs = {request.program_code} if request.program_code else set()
    held = RoleAssignment.objects.filter(roles_in_force(), membership=request.membership, role=request.role).first()
    wanted = set(request.location_ids)
    everywhere, programs, expires_on = request.entire_organization, asked_programs, None
    if held is not None:
        now = roles.Terms.of(held)
        wanted |= now.location_ids
        everywhere = everywhere or now.entire_organization
        programs = asked_programs | set(now.program_codes) if asked_programs and now.program_codes else set()
        expires_on = now.expires_on
    places = Location.objects.filter(partner=request.partner_id, pk__in=wanted)
    return {
        "entire_organization": everywhere,
        "locations": [] if everywhere else list(places),
        "program_codes": sorted(programs),
        "expires_on": expires_on,
    }


def _take(request: RoleRequest) -> RoleRequest:
    """The request, locked and still open. Raises ValidationError where somebody was faster."""
    locked = RoleRequest.objects.select_for_update(of=("self",)).select_related("membership__user", "membership__partner")
    found = locked.get(pk=request.pk)
    if found.answered_at is not None:
        raise ValidationError(_("This request was answered or withdrawn in the meantime."), code="answered")
    return found


def _answer(request: RoleRequest, answer: RoleRequest.Answer, by: Any) -> None:
    request.answer, request.answered_at, request.answered_by = answer, clock.now(), audit.person(by)
    request.save(update_fields=["answer", "answered_at", "answered_by"])


def _owe(request: RoleRequest, kind: str, to: User, path: str, by: Any = None) -> None:
    context = {"request": request, "asker": request.membership.user, "partner": request.membership.partner, "by": by, "path": path}
    outbox.owe(kind, to=to, key=f"{kind}:{request.pk}:{to.pk}", context=context)


def _facts(request: RoleRequest) -> dict[str, Any]:
    """A request as the audit log keeps it."""
    places = Location.objects.filter(pk__in=request.location_ids).order_by("mpn_id").values_list("mpn_id", flat=True)
    return {
        "member": str(request.membership_id),
        "person": request.membership.user.email,
        "role": request.role,
        "entire_organization": request.entire_organization,
        "locations": list(places),
        "programs": [request.program_code] if request.program_code else [],
        "words": request.words,
    }
