"""Sending what is owed (rule INV-6): claim with a lease, send, mark.

Over SMTP a mail can't be both never lost and never repeated. Here it is never lost: a mail is marked as sent after the
mail server took it, so a worker that is killed between the two leaves a claim that runs out, and whoever takes it over
sends the same mail with the same Message-ID once more. Nothing else repeats: a claim is checked just before sending and
just after, and who lost it (too slow, taken over) writes nothing.

Each mail has one small statement of its own, so one that can't be sent delays no other by more than its time-out; and every
attempt moves `due_at` before it begins, so not even a mail that kills its worker comes first again: the others that the worker
had claimed are free again before the minute is over.
"""

import datetime as dt
import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.models import Mail

from .delivery import Answer, Delivery, MailServer

BATCH = 100
# What a worker that was killed had claimed and not begun is free again after this; its next mail, which may be what killed it,
# after the lease. No answer takes longer: each of a mail's four questions has EMAIL_TIMEOUT.
WAITING, LEASE = dt.timedelta(seconds=25), dt.timedelta(minutes=2)
ATTEMPTS = 12  # with the pauses below, about five hours
BROKEN_CONNECTIONS = 3  # one after the other, with nothing taken between; then the next run may try

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
            sent = counts.sent
            counts.reachable = server.reach()
            whole = counts.reachable and _send_batch(batch, claim, server, counts)
            if not counts.reachable:
                _release(claim)
                break
            broken = 0 if counts.sent > sent else broken + (not whole)
            left = left if left is None else left - len(batch)
            advance(len(batch))
    finally:
        server.leave()
    return counts


def _send_batch(batch: Sequence[Mail], claim: uuid.UUID, server: MailServer, counts: SendCounts) -> bool:
    """Sends claimed mails, and whether the connection held; where it broke, the rest is free for whoever comes next."""
    said: _Said | None = None
    try:
        for mail in batch:
            # What became of the one before and the beginning of this one are one statement.
            begun, said = _write(claim, said, mail, counts), None
            if not begun:
                continue
            said = _Said(mail, server.deliver(mail))
            if said.delivery.answer is Answer.BROKEN:
                return False
    finally:
        # Also where the run is interrupted: a mail that was taken must not go out again.
        _write(claim, said, None, counts)
        if said and said.delivery.answer is Answer.BROKEN:
            _release(claim)
    return True


@transaction.atomic
def _claim(claim: uuid.UUID, size: int) -> list[Mail]:
    """The mails longest due that nobody is sending, now ours until the lease runs out."""
    now = DatabaseNow()
    free = Q(claim=None) | Q(claimed_until__lte=now)
    due = Mail.objects.select_for_update(skip_locked=True).filter(free, state=Mail.State.OWED, due_at__lte=now).order_by("due_at")
    batch = list(due[:size])
    Mail.objects.filter(pk__in=[mail.pk for mail in batch]).update(claim=claim, claimed_until=now + WAITING)
    return batch


@dataclass(frozen=True, slots=True)
class _Said:
    """What the mail server said about a mail; not written yet."""

    mail: Mail
    delivery: Delivery

    @property
    def state(self) -> str:
        if self.delivery.answer is Answer.TAKEN:
            return Mail.State.SENT
        given_up = self.delivery.answer is Answer.NEVER or self.mail.attempts >= ATTEMPTS
        return Mail.State.DEAD if given_up else Mail.State.OWED


# A mail that is done needs its wire form no more, and one whose link lets in whoever reads it keeps no text (rule ACC-5).
# It waits for no disk: a worker that is killed loses no mark, and PostgreSQL, where its own machine fails, those of the last
# half second; these mails then go out once more, under their Message-ID. What is owed, and the claim, do wait.
# Both only where the claim is still ours. The next one's attempt is counted, and its due date moved, before it begins.
_WRITE = """
WITH ended AS (
    UPDATE core_mail SET state = %(state)s, last_error = %(error)s, claim = NULL, claimed_until = NULL,
        sent_at = CASE WHEN %(state)s = 'sent' THEN portal_now() END,
        text = CASE WHEN %(forget)s THEN '' ELSE text END, html = CASE WHEN %(forget)s THEN '' ELSE html END,
        message = CASE WHEN %(state)s = 'owed' THEN message END
    WHERE id = %(ended)s AND claim = %(claim)s RETURNING id
), begun AS (
    UPDATE core_mail SET attempts = %(attempts)s, due_at = portal_now() + %(pause)s, claimed_until = portal_now() + %(lease)s
    WHERE id = %(begun)s AND claim = %(claim)s AND state = 'owed' RETURNING id
)
SELECT (SELECT count(*) FROM ended), (SELECT count(*) FROM begun), set_config('synchronous_commit', 'off', true)
"""


def _write(claim: uuid.UUID, said: _Said | None, following: Mail | None, counts: SendCounts) -> bool:
    """Writes what was said, begins the mail that follows, and says whether that one is still ours to send."""
    if following and following.attempts >= ATTEMPTS:  # its last attempt never came to an answer
        counts.dead += _give_up(following, claim)
        following = None
    if said is None and following is None:
        return False
    attempts = following.attempts + 1 if following else 0
    values: dict[str, Any] = {
        "claim": claim,
        "ended": said.mail.pk if said else None,
        "state": said.state if said else "",
        "error": said.delivery.error[:500] if said else "",
        "forget": bool(said and said.mail.is_secret and said.state != Mail.State.OWED),
        "begun": following.pk if following else None,
        "attempts": attempts,
        "pause": pause_after(max(attempts, 1)),
        "lease": LEASE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, values)
        ended, begun, _ = cursor.fetchone()
    if following:
        following.attempts = attempts
    if said:
        _count(said, counts, written=bool(ended))
    return bool(begun)


def _give_up(mail: Mail, claim: uuid.UUID) -> int:
    ours = Mail.objects.filter(pk=mail.pk, claim=claim, state=Mail.State.OWED)
    forgotten = {"text": "", "html": ""} if mail.is_secret else {}
    return ours.update(state=Mail.State.DEAD, claim=None, claimed_until=None, message=None, **forgotten)


def _count(said: _Said, counts: SendCounts, *, written: bool) -> None:
    if said.delivery.answer is Answer.TAKEN:
        counts.sent += 1
        if not written:
            logger.warning("Mail %s was sent after its claim had run out; it may be sent once more", said.mail.pk)
    elif said.state == Mail.State.DEAD:
        counts.dead += written
        logger.error("Mail %s is given up: %s", said.mail.pk, said.delivery.error)
    else:
        counts.later += written
        logger.warning("Mail %s will be tried again: %s", said.mail.pk, said.delivery.error)


def _release(claim: uuid.UUID) -> None:
    """Gives back what was claimed and not tried."""
    Mail.objects.filter(claim=claim).update(claim=None, claimed_until=None)


def pause_after(attempts: int) -> dt.timedelta:
    """How long a mail waits after so many attempts: half a minute, doubling, an hour at most."""
    return dt.timedelta(seconds=min(30 << min(attempts - 1, 10), 3600))
