"""Who acts in this request: a person, the partner they speak for, and the roles they hold there now."""

import datetime as dt
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from accounts.mail_addresses import domain_of
from accounts.models import Directory, Membership, OperatorAssignment, Partner, RoleAssignment, RoleLocation, User
from accounts.roles import PARTNER_ROLES, ROLES, PartnerRole, Permission
from incentives_portal.core.clock import DatabaseNow, DatabaseToday
from incentives_portal.core.compiled import Compiled


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
    # The portal's time when the roles were looked up, where that was asked along with them.
    at: dt.datetime | None = None

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        """Everything this actor may do somewhere; `policy.can` says where."""
        return frozenset().union(*(grant.permissions for grant in self.grants))

    @property
    def is_operator(self) -> bool:
        return any(grant.role not in PARTNER_ROLES for grant in self.grants)

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
    it may act (see `memberships_open_to`); None asks about the person, whatever their session. One query, two for the operator's
    people.
    """
    question = _ASKED["any" if through is None else "one" if through else "own"]
    found = question.ask(user=user.pk, domain=domain_of(user.email), through=_key(through))
    partners = tuple(Partner.from_db(DEFAULT_DB_ALIAS, _PARTNER, row[2:]) for row in found)
    chosen = next((n for n, partner in enumerate(partners) if str(partner.pk) == str(partner_id)), 0)
    if partners:
        grants = tuple(_grant(json.loads(one)) for one in found[chosen][1])
        return Actor(user, partners[chosen], grants, partners, found[chosen][0])
    if through:
        return Actor(user)
    held = OperatorAssignment.objects.filter(user=user).values_list("role", DatabaseNow())
    return Actor(user, None, tuple(Grant(role) for role, _now in held), (), held[0][1] if held else None)


def _key(through: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(through) if through else None
    except ValueError:
        return None


def _grant(held: dict[str, Any]) -> Grant:
    return Grant(
        held["role"],
        None if held["whole"] else frozenset(uuid.UUID(place) for place in held["places"]),
        frozenset(held["programs"]) or None,
    )


def memberships_open_to(user: User, through: str | None) -> QuerySet[Membership]:
    """The memberships that a session may use (rules ACC-5, ACC-6).

    `through` is the partner whose directory signed the person in: it speaks for its own partner and for no other that the
    person belongs to. Empty, they signed in by themselves: then a partner that requires its directory stays closed.
    """
    return _open(user.pk, domain_of(user.email), through)


def _open(user: uuid.UUID, domain: str, through: str | uuid.UUID | None) -> QuerySet[Membership]:
    held = Membership.objects.filter(user=user, suspended_at=None)
    if through is None:
        return held
    return held.filter(partner__pk=through) if through else held.exclude(_needs_directory(domain))


def needs_directory(user: User) -> Q:
    """Memberships whose partner requires its directory of this person: their address is in a domain that it has proven. Global
    admins are excepted, who must get in when the directory is broken."""
    return _needs_directory(domain_of(user.email))


def _needs_directory(domain: str) -> Q:
    requiring = Directory.objects.filter(
        partner=OuterRef("partner"),
        is_sign_in_required=True,
        domains__domain=domain,
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


_PARTNER = [column.attname for column in Partner._meta.concrete_fields]


def _memberships(user: uuid.UUID, domain: str = "", through: str | uuid.UUID | None = None) -> QuerySet[Any, Any]:
    """The partners that somebody may act for by name, each with the roles that they hold there now."""
    listed = ArraySubquery(RoleLocation.objects.filter(assignment=OuterRef("pk")).values("location_id"))
    roles = RoleAssignment.objects.filter(roles_in_force(), membership=OuterRef("pk")).order_by("pk")
    held = roles.values(held=JSONObject(role="role", whole="entire_organization", programs="program_codes", places=listed))
    rows = _open(user, domain, through).order_by("partner__legal_name")
    return rows.values_list(DatabaseNow(), ArraySubquery(held), *(f"partner__{name}" for name in _PARTNER))


_SOMEBODY, _THEIRS = uuid.UUID(int=1), uuid.UUID(int=2)
_ASKED = {
    "any": Compiled(lambda user: _memberships(user), user=_SOMEBODY),
    "own": Compiled(lambda user, domain: _memberships(user, domain, ""), user=_SOMEBODY, domain="domain.invalid"),
    "one": Compiled(lambda user, through: _memberships(user, "", through), user=_SOMEBODY, through=_THEIRS),
}
