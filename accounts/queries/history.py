"""What happened to a member, from the audit log."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Membership, Origin, RoleAssignment
from accounts.queries.audit_log import actor_of
from accounts.roles import PartnerRole
from incentives_portal.core.models import AuditEntry

SHOWN = 100
ACTS: dict[str, str | Promise] = {
    "member_added": gettext_lazy("Became a member"),
    "member_suspended": gettext_lazy("Suspended"),
    "member_restored": gettext_lazy("Suspension taken back"),
    "member_removed": gettext_lazy("Removed"),
    "role_assigned": gettext_lazy("Role assigned: %(role)s"),
    "role_changed": gettext_lazy("Role changed: %(role)s"),
    "role_ended": gettext_lazy("Role ended: %(role)s"),
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a person's history."""

    at: dt.datetime
    title: str
    by: str
    detail: str


def history_of(membership: Membership) -> list[Happening]:
    """The member's history, newest first, in three queries."""
    roles = [str(pk) for pk in RoleAssignment.objects.filter(membership=membership).values_list("pk", flat=True)]
    entries = AuditEntry.objects.filter(
        partner_id=membership.partner_id, act__in=ACTS, object_id__in=[str(membership.pk), *roles]
    ).order_by("-id")[:SHOWN]
    labels = {str(role): str(label) for role, label in PartnerRole.choices}
    actors = {entry.actor_id for entry in entries if entry.actor_id}
    known = set(Membership.objects.filter(partner=membership.partner_id, user_id__in=actors).values_list("user_id", flat=True))
    return [_happening(entry, labels, known) for entry in entries]


def _by(entry: AuditEntry, known: set[uuid.UUID]) -> str:
    """Who did it; what the feed gave comes from the membership system, whoever ran the import."""
    if entry.actor_kind == AuditEntry.ActorKind.COMMAND and entry.actor_name.startswith("import_feed"):
        return str(Origin.FEED.label)
    return actor_of(entry, known)


def _happening(entry: AuditEntry, labels: dict[str, str], known: set[uuid.UUID]) -> Happening:
    facts = entry.after or entry.before or {}
    role = facts.get("role", "")
    title = str(ACTS[entry.act]) % {"role": labels.get(role, role)}
    return Happening(entry.at, title, _by(entry, known), _terms(facts) if role else "")


def _terms(facts: dict[str, Any]) -> str:
    """Where and until when, as the audit log kept it."""
    locations, programs = facts.get("locations") or [], facts.get("programs") or []
    parts = [_("Entire organization") if facts.get("entire_organization") else ", ".join(locations), ", ".join(programs)]
    if facts.get("expires_on"):
        parts.append(_("expires %(day)s") % {"day": facts["expires_on"]})
    return " · ".join(part for part in parts if part)
