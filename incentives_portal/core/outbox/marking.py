"""Writing what became of one mail and that the next one begins: one statement, under way while the next one is announced."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from incentives_portal.core.models import Mail

from .claiming import ATTEMPTS
from .delivery import Answer, Delivery
from .underway import TRUE, Statement

# A worker's mail, which may be what kills it, is free again after this. No answer takes longer: each of a mail's four questions
# has EMAIL_TIMEOUT.
LEASE = dt.timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Said:
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
_MARK = """
WITH now AS MATERIALIZED (
    SELECT portal_now() AS now, set_config('synchronous_commit', 'off', true)
), ended AS (
    UPDATE core_mail SET state = $3::text, last_error = $4::text, claim = NULL, claimed_until = NULL,
        sent_at = CASE WHEN $3 = 'sent' THEN now END,
        text = CASE WHEN is_secret AND $3 <> 'owed' THEN '' ELSE text END,
        html = CASE WHEN is_secret AND $3 <> 'owed' THEN '' ELSE html END,
        message = CASE WHEN $3 = 'owed' THEN message END
    FROM now WHERE id = $2::uuid AND claim = $1::uuid RETURNING id
), begun AS (
    UPDATE core_mail SET attempts = $6::int, due_at = now + $7 * interval '1 second',
        claimed_until = now + $8 * interval '1 second'
    FROM now WHERE id = $5::uuid AND claim = $1 RETURNING message
)
SELECT EXISTS (TABLE ended), EXISTS (TABLE begun), (TABLE begun)
"""


class Marks:
    """What is written about the mails of one claim, a statement at a time. `tell` hears what was written, and whether the claim
    was still ours."""

    def __init__(self, claim: uuid.UUID, tell: Callable[[Said, bool], None]) -> None:
        self._claim, self._tell = claim, tell
        self._statement = Statement("outbox_mark", _MARK)
        self._said: Said | None = None
        self._begins: Mail | None = None
        self._is_under_way = False

    def write(self, said: Said | None, *, begins: Mail | None = None) -> None:
        """Sends what was said of one mail to PostgreSQL, and that another one begins; doesn't wait."""
        self.is_ours()
        if said is None and begins is None:
            return
        attempts = begins.attempts + 1 if begins else 0
        self._said, self._begins, self._is_under_way = said, begins, True
        self._statement.send(
            self._claim,
            said and said.mail.pk,
            said.state if said else "",
            said.delivery.error[:500] if said else "",
            begins and begins.pk,
            attempts,
            pause_after(max(attempts, 1)).seconds,
            LEASE.seconds,
        )
        if begins:
            begins.attempts = attempts

    def is_ours(self) -> bool:
        """Waits until what was sent is written, and says whether the mail that begins is ours to send; then it has its bytes."""
        if not self._is_under_way:
            return False
        ended, begun, message = self._statement.answer()
        self._is_under_way = False
        if self._said:
            self._tell(self._said, ended == TRUE)
        if self._begins:
            self._begins.message = message
        return begun == TRUE


def pause_after(attempts: int) -> dt.timedelta:
    """How long a mail waits after so many attempts: half a minute, doubling, an hour at most."""
    return dt.timedelta(seconds=min(30 << min(attempts - 1, 10), 3600))
