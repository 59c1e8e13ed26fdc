from collections.abc import Iterable
from typing import Any

from django.conf import settings

from incentives_portal.core.clock import DatabaseNow
from profiles import checks
from profiles.checks import CheckResult
from profiles.errors import FrozenError, SupersededError
from profiles.models import Validation, ValidationCheck
from profiles.services import versions

from .deciding import lock, refuse_superseded, store

WORST_FIRST = ("failed", "flagged", "passed")


def lock_unchecked(validation: Validation) -> Validation | None:
    """The validation, locked with its profile, where the automatic checks have still to run; what another holds is left to it."""
    try:
        locked = lock(validation, skip_locked=True)
        refuse_superseded(locked)
        versions.refuse_frozen(locked.profile)
    except (Validation.DoesNotExist, type(validation.profile).DoesNotExist, SupersededError, FrozenError):
        return None
    return None if locked.decision or locked.checked_at is not None else locked


def conclude(locked: Validation, findings: Iterable[CheckResult], by: Any) -> str:
    """Stores what the checks found, and approves where all is well: *approved*, or *waiting* for a reviewer (rule VAL-2)."""
    found = _once_each(findings)
    ValidationCheck.objects.bulk_create(
        ValidationCheck(validation=locked, code=one.code, outcome=one.outcome, field=one.field) for one in found
    )
    locked.checked_at = DatabaseNow()
    locked.ask_token = locked.asked_until = locked.ask_after = None
    locked.save(update_fields=["checked_at", "ask_token", "asked_until", "ask_after"])
    # An account that is cooling off wears a flag (see `subjects`): it waits for a person, also when the time is over.
    if checks.verdict(found) == "approve" and settings.AUTOMATIC_APPROVAL:
        store(locked, Validation.Decision.APPROVED, by=by)
        return "approved"
    return "waiting"


def _once_each(findings: Iterable[CheckResult]) -> list[CheckResult]:
    """One finding per code and field: where the portal and a provider say different things, the worse one."""
    kept: dict[tuple[str, str], CheckResult] = {}
    for one in findings:
        before = kept.get((one.code, one.field))
        if before is None or WORST_FIRST.index(one.outcome) < WORST_FIRST.index(before.outcome):
            kept[one.code, one.field] = one
    return list(kept.values())
