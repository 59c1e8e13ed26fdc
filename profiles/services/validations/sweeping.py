import datetime as dt
import time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from incentives_portal.core import audit
from incentives_portal.core.clock import DatabaseNow
from profiles import mails, providers
from profiles.models import Validation
from profiles.models.validation import UNDECIDED

from .asking import NOT_ASKED, ask_one_by_one
from .checking import check_batches

ESCALATED_AFTER = dt.timedelta(hours=24)
# One sweep ends well before Celery would end it.
PATIENCE = 300
# What isn't checked for the time being (rule PAY-5); who locks what is due leaves it out by itself.
FROZEN = Q(payout_version__profile__frozen_at__isnull=False)


def check_due(*, by: Any = audit.SYSTEM, limit: int = 10_000) -> dict[str, int]:
    """Runs the automatic checks of what was submitted, the most urgent first (rule VAL-2).

    Many at a time, see `checking`; what another worker holds is left to it. Where a provider is asked, one after the other,
    see `asking`.
    """
    provider, until = providers.configured(), time.monotonic() + PATIENCE
    due = _due(asked_for=provider is not None)
    counts = (
        ask_one_by_one(provider, due.exclude(FROZEN), limit=limit, until=until, by=by)
        if provider
        else check_batches(due, limit=limit, until=until, by=by)
    )
    counts["checked"] = counts["approved"] + counts["waiting"]
    return {outcome: counts[outcome] for outcome in ("checked", "approved", "waiting", "failed")}


def _due(*, asked_for: bool) -> QuerySet[Validation]:
    """What the automatic checks have still to look at, and, where a provider is asked, whom nobody asks about just now."""
    delay = dt.timedelta(seconds=settings.AUTOMATIC_CHECK_DELAY_SECONDS)
    due = Validation.objects.filter(UNDECIDED, checked_at=None, submitted_at__lte=DatabaseNow() - delay)
    return due.filter(NOT_ASKED) if asked_for else due


def counts_due() -> dict[str, int]:
    """How many a sweep would check, flag as overdue and escalate now. Changes nothing."""
    return {
        "to_check": _due(asked_for=providers.configured() is not None).exclude(FROZEN).count(),
        "overdue": _late().count(),
        "escalated": _very_late().count(),
    }


def _late() -> QuerySet[Validation]:
    return Validation.objects.filter(UNDECIDED, overdue_since=None, due_at__lt=DatabaseNow())


def _very_late() -> QuerySet[Validation]:
    return Validation.objects.filter(
        UNDECIDED, escalated_at=None, overdue_since__isnull=False, due_at__lt=DatabaseNow() - ESCALATED_AFTER
    )


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
