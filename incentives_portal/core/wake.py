"""Waking a worker up. Whoever writes work into PostgreSQL calls it so that the work begins now, not at the next sweep."""

import logging
from functools import partial
from importlib import import_module

from django.conf import settings
from django.db import transaction

logger = logging.getLogger(__name__)


def wake(task: str) -> None:
    """Asks for `task`, by its full name, once the transaction under way has committed.

    Only a hint: with the broker away nothing fails, and the next sweep finds the work.
    """
    transaction.on_commit(partial(_send, task), robust=True)


def _send(task: str) -> None:
    # Imported here: most commands never queue anything, and Celery takes a third of a second.
    from kombu.exceptions import OperationalError

    app = import_module(settings.CELERY_APP).app
    try:
        app.send_task(task, expires=settings.SWEEP_SECONDS, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("no worker was woken up for %s: %s", task, type(error).__name__)
