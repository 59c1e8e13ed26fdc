"""Who acts in this request: a person, the partner they speak for, and the roles they hold there now."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import Prefetch, Q

from accounts.models import Membership, OperatorAssignment, Partner, RoleAssignment, RoleLocation, User
from accounts.roles import ROLES, PartnerRole, Permission
from incentives_portal.core.clock import DatabaseToday


@dataclass(frozen=True, slots=True)
class Grant:
    """One role in force. `location_ids` None means the entire organization, `program_codes` None every program."""

    role: str
    location_ids: frozenset[uuid.UUID] | None = None
    program_codes: frozenset[str] | None = None

    @property
    def permissions(self) -> frozenset[Permission]:
        return ROLES[self.role].permissions


@dataclass(frozen=True)
class Actor:
    """A person with the partner they act for (None for the operator's people) and their grants.

    Immutable: built once per request, so a page can't change its mind about who is looking.
    """

    user: User
    partner: Partner | None = None
    grants: tuple[Grant, ...] = ()
    partners: tuple[Partner, ...] = field(default=())

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        """Everything this actor may do somewhere; `policy.can` says where."""
        return frozenset().union(*(grant.permissions for grant in self.grants))

    @property
    def is_operator(self) -> bool:
        return any(grant.role not in PartnerRole.values for grant in self.grants)

    def holds(self, role: str) -> bool:
        return any(grant.role == role for grant in self.grants)

    def grants_for(self, permission: Permission) -> Iterable[Grant]:
        return (grant for grant in self.grants if permission in grant.permissions)


def roles_in_force() -> Q:
    """Role assignments that count now: not ended, not expired, member and user neither suspended nor inactive."""
    return Q(ended_at=None, membership__suspended_at=None, membership__user__is_active=True) & (
        Q(expires_on=None) | Q(expires_on__gte=DatabaseToday())
    )


def actor_for(user: User, partner_id: uuid.UUID | str | None = None) -> Actor:
    """The actor that `user` is, for the partner asked for, else their first one.

    A partner that the user does not belong to is ignored. Four queries at most, two for most people.
    """
    memberships = list(
        Membership.objects.filter(user=user, suspended_at=None).select_related("partner").order_by("partner__legal_name")
    )
    partners = tuple(membership.partner for membership in memberships)
    chosen = next((m for m in memberships if str(m.partner_id) == str(partner_id)), memberships[0] if memberships else None)
    grants: list[Grant] = []
    if chosen is not None:
        listed = Prefetch("listed", RoleLocation.objects.only("assignment_id", "location_id"))
        for assignment in RoleAssignment.objects.filter(roles_in_force(), membership=chosen).prefetch_related(listed):
            grants.append(
                Grant(
                    assignment.role,
                    None if assignment.entire_organization else frozenset(row.location_id for row in assignment.listed.all()),
                    frozenset(assignment.program_codes) or None,
                )
            )
    else:
        grants = [Grant(role) for role in OperatorAssignment.objects.filter(user=user).values_list("role", flat=True)]
    return Actor(user, chosen.partner if chosen else None, tuple(grants), partners)
