"""How profile versions stand with a paying entity: not submitted, being validated, rejected or approved."""

import datetime as dt
import enum
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q

from profiles.models import Validation, ValidationReason


class Standing(enum.StrEnum):
    UNCHECKED = "unchecked"
    VALIDATING = "validating"
    REJECTED = "rejected"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class VersionStanding:
    """The standing of one version; `due_at` while validating, `reasons` when rejected."""

    standing: Standing = Standing.UNCHECKED
    due_at: dt.datetime | None = None
    reasons: tuple[ValidationReason, ...] = ()


STANDING_OF = {
    Validation.Decision.OPEN: Standing.VALIDATING,
    Validation.Decision.APPROVED: Standing.APPROVED,
    Validation.Decision.REJECTED: Standing.REJECTED,
}
Key = tuple[uuid.UUID, str]


def standings(version_ids: Collection[uuid.UUID]) -> dict[Key, VersionStanding]:
    """By version and paying entity; what is absent is unchecked. Two queries, whatever the number."""
    found: dict[Key, VersionStanding] = {}
    of_versions = Q(payout_version__in=version_ids) | Q(tax_version__in=version_ids)
    for validation in Validation.objects.filter(of_versions).prefetch_related("reasons"):
        standing = STANDING_OF.get(Validation.Decision(validation.decision))
        version_id = validation.payout_version_id or validation.tax_version_id
        if standing is None or version_id is None:
            continue
        found[version_id, validation.paying_entity] = VersionStanding(
            standing,
            validation.due_at if standing is Standing.VALIDATING else None,
            tuple(validation.reasons.all()) if standing is Standing.REJECTED else (),
        )
    return found
