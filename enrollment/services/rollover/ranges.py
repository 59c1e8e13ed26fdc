"""Who works on which range of a plan: each is claimed by its lock, done and marked in one transaction.

Any number of workers take ranges side by side, no two the same. One that dies leaves its range as it was.
"""

import math
import time
from collections.abc import Callable, Iterator

from django.db import OperationalError, transaction
from django.db.models import QuerySet

from enrollment.models import RolloverPlan, RolloverRange
from enrollment.ranges import SIZE, cut


class InTheWayError(Exception):
    """Somebody else did a part of the work at the same moment; begun anew, the range sees it."""


Work = Callable[[RolloverRange], None]
TRIES, LOOK_AGAIN_SECONDS = 5, 0.2


def make(plan: RolloverPlan, *, size: int = SIZE) -> None:
    """The ranges of a new plan; they leave no gap, so that who comes later falls into one of them."""
    RolloverRange.objects.bulk_create(
        RolloverRange(
            plan=plan,
            number=number,
            first_partner=places.first_partner,
            last_partner=places.last_partner,
            first_location=places.first_location,
            last_location=places.last_location,
        )
        for number, places in enumerate(cut(size))
    )


def work_through(due: QuerySet[RolloverRange], work: Work, *, wait: bool, until: float = math.inf) -> Iterator[RolloverRange]:
    """Does what is due, range by range, and yields each that this worker did.

    With `wait` it ends when nothing is due any more, whoever did it; else when the rest is in other workers' hands, or the
    monotonic clock reads `until`.
    """
    while time.monotonic() < until:
        done = _next(due, work)
        if done is not None:
            yield done
        elif wait and due.exists():
            time.sleep(LOOK_AGAIN_SECONDS)
        else:
            return


def _next(due: QuerySet[RolloverRange], work: Work) -> RolloverRange | None:
    """Does one range, or none where nothing is free.

    What people and the nightly evaluation do at the same time can get in the way: then the range is begun anew.
    """
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic():
                free = due.select_for_update(skip_locked=True, of=("self",)).order_by("number").first()
                if free is not None:
                    work(free)
                return free
        except (OperationalError, InTheWayError):
            if attempt == TRIES:
                raise
    return None
