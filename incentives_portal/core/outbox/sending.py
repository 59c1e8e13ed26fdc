"""Sending what is owed (rule INV-6): claim with a lease, send, mark.

Over SMTP a mail can't be both never lost and never repeated. Here it is never lost: a mail is marked as sent after the
mail server took it, so a worker that is killed between the two leaves a claim that runs out, and whoever takes it over
sends the same mail with the same Message-ID once more. Nothing else repeats: a claim is checked just before sending and
just after, and who lost it (too slow, taken over) writes nothing.

Each mail has small transactions of its own, so one that can't be sent delays no other; and every attempt moves `due_at`
before it begins, so not even a mail that kills its worker comes first again.
"""

import datetime as dt
import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q

from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.models import Mail

from .delivery import Answer, Delivery, MailServer

BATCH = 20
LEASE = dt.timedelta(minutes=2)
ATTEMPTS = 12  # with the pauses below, about five hours
BROKEN_CONNECTIONS = 3  # in one run; then the next run may try

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class SendCounts:
    """What one run did: mails sent, put off until later, given up, and whether the mail server could be reached."""

    sent: int = 0
    later: int = 0
    dead: int = 0
    reachable: bool = True

    def as_json(self) -> dict[str, Any]:
        """The counts as a command prints them."""
        return asdict(self)


def send_due(*, limit: int | None = None, advance: Callable[[int], None] = lambda count: None) -> SendCounts:
    """Sends every mail that is due, `limit` at most, over one connection.

    A mail server that is away is no error: nothing is sent, nothing is counted as an attempt, and the next run tries
    again. Several runs at once share the work.
    """
    counts, server, broken, left = SendCounts(), MailServer(), 0, limit
    try:
        while broken < BROKEN_CONNECTIONS and (left is None or left > 0):
            claim = uuid.uuid4()
            batch = _claim(claim, BATCH if left is None else min(BATCH, left))
            if not batch:
                break
            counts.reachable = server.reach()
            whole = counts.reachable and _send_batch(batch, claim, server, counts)
            if not counts.reachable:
                _release(claim)
                break
            broken += not whole
            left = left if left is None else left - len(batch)
            advance(len(batch))
    finally:
        server.leave()
    return counts


def _send_batch(batch: Sequence[Mail], claim: uuid.UUID, server: MailServer, counts: SendCounts) -> bool:
    """Sends claimed mails, and whether the connection held; where it broke, the rest is free for whoever comes next."""
    for mail in batch:
        if not _begin(mail, claim, counts):
            continue
        delivery = server.deliver(mail)
        _conclude(mail, claim, delivery, counts)
        if delivery.answer is Answer.BROKEN:
            _release(claim)
            return False
    return True


@transaction.atomic
def _claim(claim: uuid.UUID, size: int) -> list[Mail]:
    """The mails longest due that nobody is sending, now ours until the lease runs out."""
    now = DatabaseNow()
    free = Q(claim=None) | Q(claimed_until__lte=now)
    due = Mail.objects.select_for_update(skip_locked=True).filter(free, state=Mail.State.OWED, due_at__lte=now).order_by("due_at")
    batch = list(due[:size])
    Mail.objects.filter(pk__in=[mail.pk for mail in batch]).update(claim=claim, claimed_until=now + LEASE)
    return batch


def _begin(mail: Mail, claim: uuid.UUID, counts: SendCounts) -> bool:
    """Counts the attempt and renews the lease, and whether the mail is still ours to send."""
    ours = Mail.objects.filter(pk=mail.pk, claim=claim, state=Mail.State.OWED)
    if mail.attempts >= ATTEMPTS:  # its last attempt never came to an answer
        counts.dead += ours.update(state=Mail.State.DEAD, claim=None, claimed_until=None, **_forgotten(mail))
        return False
    mail.attempts += 1
    now = DatabaseNow()
    return bool(ours.update(attempts=mail.attempts, due_at=now + pause_after(mail.attempts), claimed_until=now + LEASE))


def _conclude(mail: Mail, claim: uuid.UUID, delivery: Delivery, counts: SendCounts) -> None:
    """Writes what became of a mail, where the claim is still ours."""
    ours = Mail.objects.filter(pk=mail.pk, claim=claim)
    free: dict[str, Any] = {"claim": None, "claimed_until": None, "last_error": delivery.error[:500]}
    if delivery.answer is Answer.TAKEN:
        counts.sent += 1
        if not ours.update(state=Mail.State.SENT, sent_at=DatabaseNow(), **free, **_forgotten(mail)):
            logger.warning("Mail %s was sent after its claim had run out; it may be sent once more", mail.pk)
    elif delivery.answer is Answer.NEVER or mail.attempts >= ATTEMPTS:
        counts.dead += ours.update(state=Mail.State.DEAD, **free, **_forgotten(mail))
        logger.error("Mail %s is given up: %s", mail.pk, delivery.error)
    else:
        counts.later += ours.update(**free)
        logger.warning("Mail %s will be tried again: %s", mail.pk, delivery.error)


def _forgotten(mail: Mail) -> dict[str, str]:
    """What is kept of the text of a mail that is done: nothing where its link lets in whoever reads it."""
    return {"text": "", "html": ""} if mail.is_secret else {}


def _release(claim: uuid.UUID) -> None:
    """Gives back what was claimed and not tried."""
    Mail.objects.filter(claim=claim).update(claim=None, claimed_until=None)


def pause_after(attempts: int) -> dt.timedelta:
    """How long a mail waits after so many attempts: half a minute, doubling, an hour at most."""
    return dt.timedelta(seconds=min(30 << min(attempts - 1, 10), 3600))
