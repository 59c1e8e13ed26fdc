"""Waking a worker up: whoever writes work into PostgreSQL says so, and it begins now instead of at the next sweep.

Only a hint. The row is the truth; with the broker away nothing fails, and the sweep finds the work.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial

from celery import current_app
from celery.exceptions import CeleryError
from django.db import connection, transaction
from kombu.exceptions import KombuError

# A hint that nobody took in so many seconds is dropped, so that workers who were away find no endless pile. Celery compares the
# worker's clock with the sender's, and clocks may be wrong by two hours: a shorter life would mean that such a worker hears nothing.
HINT_LASTS = 3 * 3600

logger = logging.getLogger(__name__)
_asleep: ContextVar[bool] = ContextVar("asleep", default=False)


@contextmanager
def nobody() -> Iterator[None]:
    """Within the block nobody is woken: a rehearsal's work stands in a database that no worker looks at."""
    token = _asleep.set(True)
    try:
        yield
    finally:
        _asleep.reset(token)


def wake_on_commit(task: str) -> None:
    """Wakes `task`, by its full name, when the caller's transaction commits: once, however often it is asked for."""
    if _asleep.get():
        return
    around = set(connection.savepoint_ids)
    # A hint of an enclosing savepoint suffices; one of a sibling could be rolled back without us.
    if not any(_task_of(hint[1]) == task and set(hint[0]) <= around for hint in connection.run_on_commit):
        transaction.on_commit(partial(wake, task), robust=True)


def _task_of(callback: object) -> str | None:
    """The task that a waiting callback wakes, or None where it is somebody else's."""
    return str(callback.args[0]) if isinstance(callback, partial) and callback.func is wake else None


def wake(task: str) -> None:
    """Asks a worker to run `task`. A broker that is away costs seconds at most and no work."""
    try:
        current_app.send_task(task, expires=HINT_LASTS, retry=False)
    except (CeleryError, KombuError, OSError) as error:
        logger.warning("no worker was woken up for %s: %s", task, type(error).__name__)
