"""What the provisioning page of a partner shows."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q

from accounts.models import Directory, Partner, ScimToken
from accounts.services import scim_tokens
from incentives_portal.core import clock


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as its line says it. `can_rotate`: nothing takes its place yet."""

    token: ScimToken
    can_rotate: bool


@dataclass(frozen=True, slots=True)
class Provisioning:
    """A partner's provisioning at a glance."""

    tokens: tuple[TokenRow, ...]
    people: int
    active_people: int
    groups: int
    proven_domains: tuple[str, ...]
    soon: dt.date


def provisioning_of(partner: Partner) -> Provisioning:
    """Tokens in force, newest first, and how many people and groups came. Three queries."""
    active = Q(people__is_provisioned=True, people__membership__suspended_at=None)
    row = (
        Directory.objects.filter(partner=partner)
        .annotate(
            provisioned=Count("people", filter=Q(people__is_provisioned=True), distinct=True),
            active=Count("people", filter=active, distinct=True),
            held=Count("groups", distinct=True),
        )
        .first()
    )
    soon = clock.today() + dt.timedelta(days=30)
    if row is None:
        return Provisioning((), 0, 0, 0, (), soon)
    tokens = scim_tokens.in_force().filter(directory=row).order_by("-created_at", "name")
    domains = row.domains.filter(proven_at__isnull=False).order_by("domain").values_list("domain", flat=True)
    shown = tuple(TokenRow(token, token.retires_at is None) for token in tokens)
    return Provisioning(shown, row.provisioned, row.active, row.held, tuple(domains), soon)
