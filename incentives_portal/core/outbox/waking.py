"""A hint to the worker that mail is owed; the row is the truth, and the periodic sweep finds it without the hint."""

import logging

from celery.exceptions import CeleryError
from django.db import connection, transaction
from kombu.exceptions import KombuError

logger = logging.getLogger(__name__)


def wake_on_commit() -> None:
    """Wakes the sender when the caller's transaction commits: once, however many mails it owes."""
    around = set(connection.savepoint_ids)
    # A hint of an enclosing savepoint suffices; one of a sibling could be rolled back without us.
    if not any(hint[1] is wake and set(hint[0]) <= around for hint in connection.run_on_commit):
        transaction.on_commit(wake, robust=True)


def wake() -> None:
    """Asks a worker to send. A broker that is away costs seconds at most and no mail."""
    from incentives_portal.core.tasks import send_mail

    try:
        send_mail.apply_async(retry=False)
    except (CeleryError, KombuError, OSError) as error:
        logger.warning("No worker could be woken to send mail: %s", type(error).__name__)
