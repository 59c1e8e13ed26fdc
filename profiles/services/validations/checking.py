"""The portal's own automatic checks, many validations at a time (rule VAL-2)."""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.views.decorators.debug import sensitive_variables

from profiles import checks
from profiles.models import Validation
from profiles.subjects import subjects_of

from .concluding import conclude_all
from .locking import Locked, lock_unchecked

log = logging.getLogger(__name__)


def check_batches(due: QuerySet[Validation], *, limit: int, until: float, by: Any) -> Counter[str]:
    """Checks up to `limit` of what is due, until that time of the machine's clock: how many came to which outcome."""
    counts, tried = Counter[str](), list[Locked]()
    while len(tried) < limit and time.monotonic() <= until:
        size = min(settings.VALIDATION_BATCH, limit - len(tried))
        # What was checked is due no more; what failed still is, and would be taken again and again.
        untried = due.exclude(pk__in=[one.pk for one in tried]) if counts["failed"] else due
        batch, outcomes = _check_batch(untried, size, by)
        if not batch:
            break
        tried += batch
        counts += outcomes
    return counts


def _check_batch(due: QuerySet[Validation], size: int, by: Any) -> tuple[Sequence[Locked], Counter[str]]:
    """Checks the most urgent, and says which they were.

    One transaction: claim, checks, findings, decisions and what follows from them. A worker that is killed leaves the whole
    batch undone, to be done once by the next.
    """
    batch: list[Locked] = []
    try:
        with transaction.atomic():
            batch += lock_unchecked(due, size)
            return batch, _check(batch, by)
    except Exception as error:
        if not batch:
            raise
        return batch, _without_the_bad_ones(batch, error, by)


def _without_the_bad_ones(batch: Sequence[Locked], error: Exception, by: Any) -> Counter[str]:
    """What was rolled back because of one of them, by halves: the others aren't held up by it.

    What can't be checked stays in the reviewers' queue, and is tried again by the next sweep.
    """
    if len(batch) == 1:
        log.error("validation %s could not be checked: %s", batch[0].pk, type(error).__name__)
        return Counter(failed=1)
    middle = len(batch) // 2
    counts = Counter[str]()
    for half in (batch[:middle], batch[middle:]):
        counts += _check_batch(Validation.objects.filter(pk__among=[one.pk for one in half]), len(half), by)[1]
    return counts


@sensitive_variables()
def _check(locked: Sequence[Locked], by: Any) -> Counter[str]:
    subjects = subjects_of(locked)
    return Counter(conclude_all([(one, checks.run(subjects[one.pk])) for one in locked], by))
