"""Who acts in this request: a person, the partner they speak for, and the roles they hold there now."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from accounts.mail_addresses import domain_of
from accounts.models import Directory, Membership, OperatorAssignment, Partner, RoleAssignment, RoleLocation, User
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


def actor_for(user: User, partner_id: uuid.UUID | str | None = None, *, through: str | None = None) -> Actor:
    """The actor that `user` is, for the partner asked for, else their first one.

    A partner that the user does not belong to is ignored. `through` says how this session began, and limits for which partners
    it may act (see `memberships_open_to`); None asks about the person, whatever their session. Four queries at most, two for
    most people.
    """
    memberships = list(memberships_open_to(user, through).select_related("partner").order_by("partner__legal_name"))
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
    elif not through:
        grants = [Grant(role) for role in OperatorAssignment.objects.filter(user=user).values_list("role", flat=True)]
    return Actor(user, chosen.partner if chosen else None, tuple(grants), partners)


def memberships_open_to(user: User, through: str | None) -> QuerySet[Membership]:
    """The memberships that a session may use (rules ACC-5, ACC-6).

    `through` is the partner whose directory signed the person in: it speaks for its own partner and for no other that the
    person belongs to. Empty, they signed in by themselves: then a partner that requires its directory stays closed.
    """
    held = Membership.objects.filter(user=user, suspended_at=None)
    if through is None:
        return held
    return held.filter(partner__pk=through) if through else held.exclude(needs_directory(user))


def needs_directory(user: User) -> Q:
    """Memberships whose partner requires its directory of this person: their address is in a domain that it has proven. Global
    admins are excepted, who must get in when the directory is broken."""
    requiring = Directory.objects.filter(
        partner=OuterRef("partner"),
        is_sign_in_required=True,
        domains__domain=domain_of(user.email),
        domains__proven_at__isnull=False,
    )
    leading = RoleAssignment.objects.filter(roles_in_force(), membership=OuterRef("pk"), role=PartnerRole.GLOBAL_ADMIN)
    return Q(Exists(requiring)) & ~Q(Exists(leading))


def directory_required_of(user: User) -> Directory | None:
    """The directory by which alone this person can sign in: where each partner that they belong to requires its own."""
    held = memberships_open_to(user, None)
    required = held.filter(needs_directory(user)).order_by("partner__legal_name").first()
    if required is None or memberships_open_to(user, "").exists():
        return None
    return Directory.objects.get(partner=required.partner_id)
