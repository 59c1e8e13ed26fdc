"""Claiming what is due: with a lease, so that what a worker that was killed had claimed is free again."""

import datetime as dt
import uuid
from collections.abc import Sequence

from incentives_portal.core.models import Mail

ATTEMPTS = 12  # with the pauses between them, about five hours
# What a worker that was killed had claimed and not begun is free again after this.
WAITING = dt.timedelta(seconds=25)

# What is sent comes when a mail begins (`marking`); its texts are read for a mail that has no wire form, and for no other.
_CLAIM = """
WITH now AS MATERIALIZED (SELECT portal_now() AS now), due AS MATERIALIZED (
    SELECT id FROM core_mail
    WHERE state = 'owed' AND due_at <= portal_now() AND (claim IS NULL OR claimed_until <= portal_now())
    ORDER BY due_at LIMIT %(size)s FOR UPDATE SKIP LOCKED
)
UPDATE core_mail AS mail SET claim = %(claim)s, claimed_until = (SELECT now FROM now) + %(waiting)s
FROM due WHERE mail.id = due.id
RETURNING mail.id, mail."to", mail.attempts, mail.due_at
"""


def claim_due(claim: uuid.UUID, size: int) -> list[Mail]:
    """The mails longest due that nobody is sending, now ours until the lease runs out."""
    claimed = Mail.objects.raw(_CLAIM, {"claim": claim, "size": size, "waiting": WAITING})
    return sorted(claimed, key=lambda mail: mail.due_at)


def give_up(batch: Sequence[Mail], claim: uuid.UUID) -> int:
    """Ends those of the mails whose last attempt never came to an answer."""
    ours = Mail.objects.filter(pk__in=[mail.pk for mail in batch], claim=claim, attempts__gte=ATTEMPTS)
    ended = {"state": Mail.State.DEAD, "claim": None, "claimed_until": None, "message": None}
    return ours.filter(is_secret=False).update(**ended) + ours.filter(is_secret=True).update(**ended, text="", html="")


def release(batch: Sequence[Mail], claim: uuid.UUID) -> None:
    """Gives back what was claimed and not tried."""
    Mail.objects.filter(pk__in=[mail.pk for mail in batch], claim=claim).update(claim=None, claimed_until=None)
