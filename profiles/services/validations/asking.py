"""Asking a provider (rule VAL-2), in three steps: note that it is asked, ask, store the answer.

The first and the last are transactions of their own; the question is asked between them, with nothing locked. The first
writes a token and a lease: of two workers one asks, a worker that is killed leaves a lease that runs out, and an answer
that comes after its lease was taken over, or after the decision, is dropped.
"""

import datetime as dt
import logging
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.views.decorators.debug import sensitive_variables

from incentives_portal.core import clock
from incentives_portal.core.clock import DatabaseNow
from profiles import checks
from profiles.checks import CheckResult
from profiles.models import Validation
from profiles.providers import NoAnswerError, Provider, Question
from profiles.subjects import subject_of

from .concluding import conclude
from .deciding import lock
from .locking import lock_unchecked

SILENCES = 3
ATTEMPTS = 8  # with the pauses below, about two of the 48 hours
LONGEST_PAUSE = dt.timedelta(hours=1)
UNREACHABLE = CheckResult("provider_unreachable", "flagged")
NOT_ASKED = (Q(asked_until=None) | Q(asked_until__lt=DatabaseNow())) & (Q(ask_after=None) | Q(ask_after__lte=DatabaseNow()))

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question under way, with the token of its lease."""

    token: uuid.UUID
    question: Question


def ask_one_by_one(provider: Provider, due: QuerySet[Validation], *, limit: int, until: float, by: Any) -> Counter[str]:
    """Asks about up to `limit` of what is due, until that time of the machine's clock: how many came to which outcome.

    A provider that doesn't answer three times running is left alone until the next sweep.
    """
    silent, counts = 0, Counter[str]()
    for validation in due.select_related("payout_version__profile", "tax_version__profile").order_by("due_at", "pk")[:limit]:
        if silent >= SILENCES or time.monotonic() > until:
            break
        try:
            outcome = check_with(provider, validation, by)
        except Exception as error:
            # Whatever it is, the others aren't held up; the row stays in the reviewers' queue and is tried again.
            log.error("validation %s could not be checked: %s", validation.pk, type(error).__name__)
            outcome = "failed"
        if outcome:
            counts[outcome] += 1
            silent = silent + 1 if outcome == "failed" else 0
    return counts


@sensitive_variables()
def check_with(provider: Provider, validation: Validation, by: Any) -> str:
    """Checks one validation with a provider: *approved*, *waiting*, *failed* (tried again later), or nothing to do."""
    asked = _begin(validation, by)
    if not isinstance(asked, _Asked):
        return asked
    try:
        said = provider.ask(asked.question)
    except NoAnswerError:
        return _put_off(validation, asked.token, by)
    return _store(validation, asked.token, said, by)


@transaction.atomic
@sensitive_variables()
def _begin(validation: Validation, by: Any) -> _Asked | str:
    """Takes the lease. What was asked too often already is a reviewer's."""
    locked = _lock_unchecked(validation)
    now = clock.now()
    if locked is None or not Validation.objects.filter(NOT_ASKED, pk=locked.pk).exists():
        return ""
    subject = subject_of(locked)
    if locked.ask_attempts >= ATTEMPTS:  # the last one never came to an end
        return conclude(locked, [*checks.run(subject), UNREACHABLE], by)
    locked.ask_attempts += 1
    locked.ask_token = uuid.uuid4()
    # Longer than anybody waits for an answer.
    locked.asked_until = now + dt.timedelta(seconds=2 * settings.VALIDATION_PROVIDER_TOTAL_SECONDS + 30)
    locked.save(update_fields=["ask_attempts", "ask_token", "asked_until"])
    return _Asked(locked.ask_token, Question(locked.pk, locked.paying_entity, subject))


@transaction.atomic
@sensitive_variables()
def _store(validation: Validation, token: uuid.UUID, said: tuple[CheckResult, ...], by: Any) -> str:
    """Stores an answer that still matters (rule VAL-5)."""
    locked = _still_asking(validation, token)
    return conclude(locked, [*checks.run(subject_of(locked)), *said], by) if locked else ""


@transaction.atomic
def _put_off(validation: Validation, token: uuid.UUID, by: Any) -> str:
    """Tries again later, twice as late each time; in the end the reviewers are told that nobody answered."""
    locked = _still_asking(validation, token)
    if locked is None:
        return ""
    if locked.ask_attempts >= ATTEMPTS:
        return conclude(locked, [*checks.run(subject_of(locked)), UNREACHABLE], by)
    pause = min(dt.timedelta(minutes=1 << (locked.ask_attempts - 1)), LONGEST_PAUSE)
    locked.ask_token = locked.asked_until = None
    locked.ask_after = clock.now() + pause
    locked.save(update_fields=["ask_token", "asked_until", "ask_after"])
    return "failed"


def _lock_unchecked(validation: Validation) -> Validation | None:
    """The validation as it stands now, locked, where the checks have still to run and nobody else holds it."""
    for locked in lock_unchecked(Validation.objects.filter(pk=validation.pk), 1):
        return Validation.objects.select_related("payout_version", "tax_version").get(pk=locked.pk)
    return None


def _still_asking(validation: Validation, token: uuid.UUID) -> Validation | None:
    """The locked validation, where the question is still open and the lease still ours."""
    # Waits for its turn: an answer isn't thrown away because somebody looks at the row just now.
    lock(validation)
    locked = _lock_unchecked(validation)
    if locked is None or locked.ask_token != token:
        log.info("An answer about validation %s came too late and is dropped", validation.pk)
        return None
    return locked
