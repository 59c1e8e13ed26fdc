"""The one question *may they?*, and the same answer as a filter.

Every view, partial, admin page, export and command asks `can()`, or narrows its queryset by `within()`; the two agree by
construction because both read the actor's grants. The docstrings are the policy.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import Http404

from accounts.actor import Actor
from accounts.roles import ADMIN_ROLES, INCENTIVES_ROLES, PartnerRole, Permission

M = TypeVar("M", bound=Model)


class NotAllowedError(PermissionDenied):
    """The actor sees the object and may not do this to it; the page then says who may (rule ACC-7)."""

    def __init__(self, permission: Permission, where: "Scope | None" = None) -> None:
        super().__init__(permission)
        self.permission = permission
        self.where = where


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a thing stands: its partner, and its location and program where it has them."""

    partner_id: uuid.UUID
    location_id: uuid.UUID | None = None
    program_code: str | None = None


def can(actor: Actor, permission: Permission, where: Scope | None = None) -> bool:
    """Whether `actor` may do `permission` at `where`; without `where`, anywhere at all.

    An operator's role holds for all partners. A partner's role holds for that partner only; an incentives role further
    only for its locations and programs. A thing without a location (a payout profile, a PGA enrollment) is within an
    incentives role's scope whatever its locations; a thing without a program is within scope whatever its programs.
    """
    for grant in actor.grants_for(permission):
        if where is None or grant.role not in PartnerRole.values:
            return True
        if actor.partner is None or where.partner_id != actor.partner.pk:
            continue
        in_location = grant.location_ids is None or where.location_id is None or where.location_id in grant.location_ids
        in_program = grant.program_codes is None or where.program_code is None or where.program_code in grant.program_codes
        if in_location and in_program:
            return True
    return False


def within(
    actor: Actor, permission: Permission, *, partner: str = "partner_id", location: str | None = None, program: str | None = None
) -> Q:
    """The rows at which `can(actor, permission, row.scope)` holds, as a filter over the named columns."""
    allowed = Q(pk__in=[])
    for grant in actor.grants_for(permission):
        if grant.role not in PartnerRole.values:
            return Q()
        if actor.partner is None:
            continue
        rows = Q(**{partner: actor.partner.pk})
        if location and grant.location_ids is not None:
            rows &= Q(**{f"{location}__in": grant.location_ids}) | Q(**{f"{location}__isnull": True})
        if program and grant.program_codes is not None:
            rows &= Q(**{f"{program}__in": grant.program_codes})
        allowed |= rows
    return allowed


def require(actor: Actor, permission: Permission, where: Scope | None = None) -> None:
    """Raises NotAllowedError unless `can(...)`."""
    if not can(actor, permission, where):
        raise NotAllowedError(permission, where)


def get_or_404(rows: QuerySet[M], **lookup: Any) -> M:
    """The one row, or 404: what an actor can't see does not exist for them (rule ACC-8)."""
    try:
        return rows.get(**lookup)
    except (ObjectDoesNotExist, ValueError, ValidationError):
        raise Http404 from None


def get_all_or_404(rows: QuerySet[M], keys: Iterable[str]) -> list[M]:
    """The rows with these keys, or 404 where one of them does not exist for the actor (rule ACC-8)."""
    wanted = set(keys)
    try:
        found = list(rows.filter(pk__in=wanted))
    except (ValueError, ValidationError):
        raise Http404 from None
    if len(found) != len(wanted):
        raise Http404
    return found


def may_assign(actor: Actor, role: str) -> bool:
    """Global and account admins assign incentives roles; only global admins assign admin roles."""
    if role in INCENTIVES_ROLES:
        return Permission.ASSIGN_INCENTIVES_ROLES in actor.permissions
    return role in ADMIN_ROLES and Permission.ASSIGN_ADMIN_ROLES in actor.permissions
