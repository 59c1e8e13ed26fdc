import datetime as dt
import logging
import time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from incentives_portal.core import audit
from incentives_portal.core.clock import DatabaseNow
from profiles import checks, mails, providers
from profiles.models import Validation
from profiles.models.validation import UNDECIDED
from profiles.subjects import subject_of

from .asking import NOT_ASKED, check_with
from .concluding import conclude, lock_unchecked

ESCALATED_AFTER = dt.timedelta(hours=24)
SILENCES = 3
# One sweep ends well before Celery would end it.
PATIENCE = 300

log = logging.getLogger(__name__)


def check_due(*, by: Any = audit.SYSTEM, limit: int = 500) -> dict[str, int]:
    """Runs the automatic checks of what was submitted, the most urgent first (rule VAL-2).

    One transaction each: the checks, what they found and the approval are stored together, so that a worker that is
    killed leaves it undone, to be done once by the next. What another worker holds is left to it. Where a provider is asked,
    see `asking`; one that doesn't answer three times running is left alone until the next sweep.
    """
    provider, silent = providers.configured(), 0
    due = _due(asked_for=provider is not None)
    counts = {"checked": 0, "approved": 0, "waiting": 0, "failed": 0}
    patience = time.monotonic() + PATIENCE
    for validation in due.select_related("payout_version__profile", "tax_version__profile").order_by("due_at", "pk")[:limit]:
        if silent >= SILENCES or time.monotonic() > patience:
            break
        try:
            outcome = check_with(provider, validation, by) if provider else _check_one(validation, by)
        except Exception as error:
            # Whatever it is, the others aren't held up; the row stays in the reviewers' queue and is tried again.
            log.error("validation %s could not be checked: %s", validation.pk, type(error).__name__)
            outcome = "failed"
        if outcome:
            counts[outcome] += 1
            counts["checked"] += outcome != "failed"
            silent = silent + 1 if provider and outcome == "failed" else 0
    return counts


def _due(*, asked_for: bool) -> QuerySet[Validation]:
    """What the automatic checks have still to look at, and, where a provider is asked, whom nobody asks about just now."""
    delay = dt.timedelta(seconds=settings.AUTOMATIC_CHECK_DELAY_SECONDS)
    due = Validation.objects.filter(UNDECIDED, checked_at=None, submitted_at__lte=DatabaseNow() - delay)
    due = due.exclude(payout_version__profile__frozen_at__isnull=False)
    return due.filter(NOT_ASKED) if asked_for else due


def counts_due() -> dict[str, int]:
    """How many a sweep would check, flag as overdue and escalate now. Changes nothing."""
    return {
        "to_check": _due(asked_for=providers.configured() is not None).count(),
        "overdue": _late().count(),
        "escalated": _very_late().count(),
    }


def _late() -> QuerySet[Validation]:
    return Validation.objects.filter(UNDECIDED, overdue_since=None, due_at__lt=DatabaseNow())


def _very_late() -> QuerySet[Validation]:
    return Validation.objects.filter(
        UNDECIDED, escalated_at=None, overdue_since__isnull=False, due_at__lt=DatabaseNow() - ESCALATED_AFTER
    )


@transaction.atomic
def _check_one(validation: Validation, by: Any) -> str:
    """Checks one validation: *approved*, *waiting* for a reviewer, or nothing where there was nothing to do."""
    locked = lock_unchecked(validation)
    return conclude(locked, checks.run(subject_of(locked)), by) if locked else ""


def flag_overdue(*, by: Any = audit.SYSTEM) -> int:
    """Flags what is undecided after 48 hours, once, and tells the reviewers by mail (rule VAL-4). Decides nothing."""
    return sum(_flag_one(pk, by) for pk in _late().order_by("due_at").values_list("pk", flat=True))


def escalate(*, by: Any = audit.SYSTEM) -> int:
    """Tells the program managers of what is a day overdue, once (rule VAL-4). Decides nothing."""
    return sum(_escalate_one(pk, by) for pk in _very_late().order_by("due_at").values_list("pk", flat=True))


@transaction.atomic
def _escalate_one(pk: Any, by: Any) -> bool:
    validation = _marked(pk, "escalated_at")
    if validation is None:
        return False
    audit.record("validation.escalated", validation, by=by)
    mails.tell_escalated(validation)
    return True


@transaction.atomic
def _flag_one(pk: Any, by: Any) -> bool:
    validation = _marked(pk, "overdue_since")
    if validation is None:
        return False
    audit.record("validation.overdue", validation, by=by)
    mails.tell_overdue(validation)
    return True


def _marked(pk: Any, column: str) -> Validation | None:
    """The validation with the time of now in `column`, once: nothing where it was decided or marked, or is locked by another."""
    rows = Validation.objects.select_for_update(of=("self",), skip_locked=True)
    rows = rows.select_related("payout_version__profile", "tax_version__profile", "partner")
    validation = rows.filter(UNDECIDED, pk=pk, **{column: None}).first()
    if validation is not None:
        setattr(validation, column, DatabaseNow())
        validation.save(update_fields=[column])
    return validation
