"""Who may change people and roles, asked again where it is written: views, admin, commands and imports pass here."""

from typing import Any

from accounts import policy
from accounts.actor import Actor, actor_for
from accounts.models import Membership, Partner
from accounts.roles import ADMIN_ROLES, INCENTIVES_ROLES, Permission
from incentives_portal.core.audit import By

NEEDED: dict[str, Permission] = {
    **dict.fromkeys(INCENTIVES_ROLES, Permission.ASSIGN_INCENTIVES_ROLES),
    **dict.fromkeys(ADMIN_ROLES, Permission.ASSIGN_ADMIN_ROLES),
}


def _unlimited(by: Any) -> bool:
    """Commands, the directory and the system act for the operator, and so does its superuser."""
    return isinstance(by, By) or (by.is_active and by.is_superuser)


def _actor_at(by: Any, partner: Partner) -> Actor:
    """`by` as an actor for `partner`; with no grants at all where they do not belong to it."""
    actor = actor_for(by, partner.pk)
    return actor if actor.partner == partner else Actor(by, partner)


def require_may_assign(by: Any, partner: Partner, role: str) -> None:
    """Raises NotAllowedError unless `by` may give and take `role` at `partner` (section *People* of the rules)."""
    if not _unlimited(by) and not policy.may_assign(_actor_at(by, partner), role):
        raise policy.NotAllowedError(NEEDED[role], policy.Scope(partner.pk))


def require_may_manage(by: Any, member: Membership) -> None:
    """Raises NotAllowedError unless `by` may take every role that `member` holds: no account admin outs a global admin."""
    require_may_assign(by, member.partner, next(iter(INCENTIVES_ROLES)))
    for role in member.roles.filter(ended_at=None).values_list("role", flat=True):
        require_may_assign(by, member.partner, role)


def require_may_configure_sign_in(by: Any, partner: Partner) -> None:
    """Raises NotAllowedError unless `by` may set up single sign-on and provisioning of `partner`."""
    if not _unlimited(by):
        policy.require(_actor_at(by, partner), Permission.CONFIGURE_SIGN_IN, policy.Scope(partner.pk))
