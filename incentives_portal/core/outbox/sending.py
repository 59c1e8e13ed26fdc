"""Sending what is owed (rule INV-6): claim with a lease, send, mark.

Over SMTP a mail can't be both never lost and never repeated. Here it is never lost: a mail is marked as sent after the
mail server took it, so a worker that is killed between the two leaves a claim that runs out, and whoever takes it over
sends the same mail with the same Message-ID once more. Nothing else repeats: a claim is checked just before sending and
just after, and who lost it (too slow, taken over) writes nothing.

Each mail has one small statement of its own, so one that can't be sent delays no other by more than its time-out; and every
attempt moves `due_at` before it begins, so not even a mail that kills its worker comes first again: the others that the worker
had claimed are free again before the minute is over.

The statement is written while the mail server hears sender and recipient, and waited for before it hears the mail. So there is
never more than one mail that was handed over and isn't marked.
"""

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from incentives_portal.core.models import Mail

from .claiming import ATTEMPTS, claim_due, give_up, release
from .delivery import Answer, MailServer
from .marking import Marks, Said

BATCH = 100
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

    def add(self, said: Said, written: bool) -> None:
        """Counts what became of a mail, and whether it was still ours to write so."""
        if said.delivery.answer is Answer.TAKEN:
            self.sent += 1
            if not written:
                logger.warning("Mail %s was sent after its claim had run out; it may be sent once more", said.mail.pk)
        elif said.state == Mail.State.DEAD:
            self.dead += written
            logger.error("Mail %s is given up: %s", said.mail.pk, said.delivery.error)
        else:
            self.later += written
            logger.warning("Mail %s will be tried again: %s", said.mail.pk, said.delivery.error)


def send_due(*, limit: int | None = None, advance: Callable[[int], None] = lambda count: None) -> SendCounts:
    """Sends every mail that is due, `limit` at most, over one connection.

    A mail server that is away is no error: nothing is sent, nothing is counted as an attempt, and the next run tries
    again. Several runs at once share the work.
    """
    counts, server, broken, left = SendCounts(), MailServer(), 0, limit
    try:
        while broken < BROKEN_CONNECTIONS and (left is None or left > 0):
            claim = uuid.uuid4()
            batch = claim_due(claim, BATCH if left is None else min(BATCH, left))
            if not batch:
                break
            sent = counts.sent
            counts.reachable = server.reach()
            whole = counts.reachable and _send_batch(batch, claim, server, counts)
            if not counts.reachable:
                release(batch, claim)
                break
            broken = 0 if counts.sent > sent else broken + (not whole)
            left = left if left is None else left - len(batch)
            advance(len(batch))
    finally:
        server.leave()
    return counts


def _send_batch(batch: Sequence[Mail], claim: uuid.UUID, server: MailServer, counts: SendCounts) -> bool:
    """Sends claimed mails, and whether the connection held; where it broke, the rest is free for whoever comes next."""
    to_send = [mail for mail in batch if mail.attempts < ATTEMPTS]
    if len(to_send) < len(batch):
        counts.dead += give_up(batch, claim)
    marks, said = Marks(claim, counts.add), None
    try:
        for mail in to_send:
            marks.write(said, begins=mail)
            said = None
            refusal = server.announce(mail)
            if marks.is_ours():
                said = Said(mail, refusal or server.hand_over(mail))
            else:
                server.forget()
            if not server.stands:
                return False
    finally:
        # Also where the run is interrupted: a mail that was taken must not go out again.
        marks.write(said)
        marks.is_ours()
        if not server.stands:
            release(batch, claim)
    return True
