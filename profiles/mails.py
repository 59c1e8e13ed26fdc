"""The mails of this app: owed in the transaction of the decision, in each person's language, without any number."""

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.actor import roles_in_force
from accounts.models import OperatorAssignment, RoleAssignment, User
from accounts.roles import OperatorRole, PartnerRole
from incentives_portal.core import outbox
from profiles.fields import labels_of
from profiles.models import PayoutProfile, TaxProfile, Validation, ValidationReason
from profiles.reasons import REASONS
from profiles.standing import in_force


def incentives_admins_of(profile: PayoutProfile | TaxProfile) -> QuerySet[User]:
    """The incentives admins in whose scope a profile is: the partner's for payout, the location's for tax."""
    assignments = RoleAssignment.objects.filter(roles_in_force(), role=PartnerRole.INCENTIVES_ADMIN, partner=profile.partner_id)
    if isinstance(profile, TaxProfile):
        assignments = assignments.filter(Q(entire_organization=True) | Q(listed__location=profile.location_id))
    return User.objects.filter(pk__in=assignments.values("membership__user")).order_by("pk")


def holding(role: OperatorRole) -> QuerySet[User]:
    """Everybody who holds a role of the operator: reviewers decide validations, program managers hear of what stays undecided."""
    assignments = OperatorAssignment.objects.filter(role=role)
    return User.objects.filter(is_active=True, pk__in=assignments.values("user")).order_by("pk")


def edit_path(profile: PayoutProfile | TaxProfile, field: str = "") -> str:
    """Where a profile is mended, at the field."""
    name = "payout_edit" if isinstance(profile, PayoutProfile) else "tax_edit"
    return reverse(name, args=[profile.pk]) + (f"#field-{field}" if field else "")


def rejected_key(validation: Validation) -> str:
    """How the keys of the mails about a rejection begin."""
    return f"validation_rejected:{validation.pk}:"


def tell_rejected(validation: Validation, reasons: Iterable[ValidationReason]) -> None:
    """Owes each incentives admin the reasons of a rejection, with a link to the first field to mend (rule VAL-3).

    They wait until the rejection can't be taken back any more.
    """
    labels = labels_of(validation.version)
    rows = [{"label": labels[row.field], "text": REASONS[row.code].text, "note": row.note, "field": row.field} for row in reasons]
    profile = validation.profile
    hold = dt.timedelta(seconds=settings.UNDO_SECONDS)
    context = {
        "profile": profile,
        "reasons": rows,
        "in_force": in_force(profile).get(validation.paying_entity),
        "path": edit_path(profile, str(rows[0]["field"])),
    }
    for user in incentives_admins_of(profile):
        outbox.owe("validation_rejected", to=user, key=f"{rejected_key(validation)}{user.pk}", context=context, hold=hold)


def tell_overdue(validation: Validation) -> None:
    """Owes each reviewer a word that a validation is past its 48 hours (rule VAL-4)."""
    context = {
        "profile": validation.profile,
        "partner": validation.partner,
        "due_at": validation.due_at,
        "path": reverse("review", args=[validation.pk]),
    }
    for user in holding(OperatorRole.REVIEWER):
        outbox.owe("validation_overdue", to=user, key=f"validation_overdue:{validation.pk}:{user.pk}", context=context)


def tell_escalated(validation: Validation) -> None:
    """Owes each program manager a word that a validation is a day past its 48 hours (rule VAL-4). They can't open the review."""
    context = {"profile": validation.profile, "partner": validation.partner, "due_at": validation.due_at}
    for user in holding(OperatorRole.PROGRAM_MANAGER):
        outbox.owe("validation_escalated", to=user, key=f"validation_escalated:{validation.pk}:{user.pk}", context=context)
