"""Who may do what the asker may not (rule ACC-7)."""

import uuid
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.actor import roles_in_force
from accounts.models import OperatorAssignment, RoleAssignment, User
from accounts.policy import Scope
from accounts.roles import ADMIN_ROLES, INCENTIVES_ROLES, ROLES, OperatorRole, PartnerRole, Permission


@dataclass(frozen=True, slots=True)
class WhoCan:
    """Names of the people who hold a permission, and of those who can grant it; `roles` are the roles that carry it.

    `ask_for` is the partner's role that carries it and least besides: the one to ask for. Empty where only the operator's do.
    """

    holders: tuple[str, ...]
    granters: tuple[str, ...]
    roles: tuple[str, ...]
    ask_for: str = ""


def who_can(permission: Permission, scope: Scope) -> WhoCan:
    """The partner's people who hold `permission` at `scope`, and those who can grant it; two queries.

    What only the operator's people can do names the role and nobody: a partner needs no list of the operator's staff.
    """
    roles = [role for role, text in ROLES.items() if permission in text.permissions]
    partner_roles = [role for role in roles if role in PartnerRole.values]
    holding = RoleAssignment.objects.filter(roles_in_force(), _reaches(scope), partner_id=scope.partner_id, role__in=partner_roles)
    granting = RoleAssignment.objects.filter(roles_in_force(), partner_id=scope.partner_id, role__in=_granters(partner_roles))
    return WhoCan(_names(holding), _names(granting), _labels(partner_roles or roles), _least(partner_roles))


def granters_of(partner_id: uuid.UUID) -> dict[str, tuple[str, ...]]:
    """For each role of the partner, the names of those who can grant, change and end it; one query."""
    admins = RoleAssignment.objects.filter(roles_in_force(), partner_id=partner_id, role__in=ADMIN_ROLES)
    held = list(admins.select_related("membership__user"))
    return {
        role: tuple(sorted({str(one.membership.user) for one in held if one.role in _granters([role])}))
        for role in PartnerRole.values
    }


def operators_who_can(permission: Permission) -> WhoCan:
    """For the operator's own people: who of them holds `permission`. Operator roles are granted outside of the portal.

    What only partners do themselves names their roles and nobody.
    """
    roles = [role for role in OperatorRole.values if permission in ROLES[role].permissions]
    if not roles:
        return roles_that_can(permission)
    people = User.objects.filter(pk__in=OperatorAssignment.objects.filter(role__in=roles).values("user"), is_active=True)
    return WhoCan(tuple(sorted({str(person) for person in people})), (), _labels(roles))


def roles_that_can(permission: Permission) -> WhoCan:
    """The roles alone, for who belongs to nobody: a partner's where any of them carries it, else the operator's."""
    roles = [role for role, text in ROLES.items() if permission in text.permissions]
    partner_roles = [role for role in roles if role in PartnerRole.values]
    return WhoCan((), (), _labels(partner_roles or roles), _least(partner_roles))


def _least(roles: list[str]) -> str:
    """Of these roles the one that allows least, so that nobody asks for more than they need."""
    return min(roles, key=lambda role: (len(ROLES[role].permissions), role in ADMIN_ROLES), default="")


def _reaches(scope: Scope) -> Q:
    """Role assignments whose locations and programs reach `scope`, as `policy.can` decides it."""
    reaches = Q()
    if scope.location_id is not None:
        reaches &= Q(entire_organization=True) | Q(listed__location=scope.location_id)
    if scope.program_code is not None:
        reaches &= Q(program_codes=[]) | Q(program_codes__contains=[scope.program_code])
    return reaches


def _granters(roles: list[str]) -> frozenset[str]:
    """Global and account admins grant incentives roles, global admins alone the admin roles (section *People* of the rules)."""
    if any(role in INCENTIVES_ROLES for role in roles):
        return ADMIN_ROLES
    return frozenset({PartnerRole.GLOBAL_ADMIN}) if roles else frozenset()


def _names(assignments: QuerySet[RoleAssignment]) -> tuple[str, ...]:
    people = {row.membership.user for row in assignments.select_related("membership__user")}
    return tuple(sorted(str(person) for person in people))


def _labels(roles: list[str]) -> tuple[str, ...]:
    labels = dict(PartnerRole.choices) | dict(OperatorRole.choices)
    return tuple(str(labels[role]) for role in roles)
