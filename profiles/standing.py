"""How profile versions stand with a paying entity: not submitted, being validated, rejected or approved."""

import datetime as dt
import enum
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from profiles.models import PayoutProfile, PayoutProfileVersion, Validation, ValidationReason
from profiles.usage import AnyProfile


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


def in_force(profile: AnyProfile) -> dict[str, int]:
    """The number of the version that is paid by, per paying entity: the newest approved one (rule PAY-4).

    A version under review or rejected leaves the one before it in force. What was taken back isn't approved any more.
    """
    approved = Validation.objects.filter(decision=Validation.Decision.APPROVED)
    if isinstance(profile, PayoutProfile):
        found = approved.filter(payout_version__profile=profile)
        return dict(found.order_by("payout_version__number").values_list("paying_entity", "payout_version__number"))
    found = approved.filter(tax_version__profile=profile)
    return dict(found.order_by("tax_version__number").values_list("paying_entity", "tax_version__number"))


def is_submitted(profile: AnyProfile) -> bool:
    """Whether the latest version was ever given to validation, with what lay beside it."""
    column = "payout_version" if isinstance(profile, PayoutProfile) else "tax_version"
    return Validation.objects.filter(**{column: profile.latest_id}).exists()


def counted_before(version: Any, paying_entity: str = "") -> Any:
    """The version that `version` takes the place of, or None for the first one. What was taken back is nobody's predecessor.

    It is the newest validated one before it, by the paying entity if that has validated any; else the one just before.
    """
    earlier = type(version)._default_manager.filter(profile=version.profile_id, number__lt=version.number).order_by("-number")
    if isinstance(version, PayoutProfileVersion):
        earlier = earlier.filter(taken_back_by=None)
    approved = {"validations__decision": Validation.Decision.APPROVED}
    by_entity = approved | {"validations__paying_entity": paying_entity}
    return earlier.filter(**by_entity).first() or earlier.filter(**approved).first() or earlier.first()


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
