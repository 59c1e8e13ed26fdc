"""Owing a mail: rendered now, in the person's language, stored once per key."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from incentives_portal.core.models import Mail
from incentives_portal.core.waking import wake_on_commit

from .composing import wire_form
from .rendering import Form, Recipient, texts
from .storing import CHUNK, store

AT_ONCE = dt.timedelta()
SEND_MAIL = "incentives_portal.core.tasks.send_mail"


@dataclass(frozen=True, slots=True)
class Owed:
    """One of many mails for `owe_all`; its parts are the arguments of `owe`. With a `form`, the context fills its gaps."""

    kind: str
    to: Recipient
    key: str
    context: dict[str, Any] = field(default_factory=dict)
    hold: dt.timedelta = AT_ONCE
    is_secret: bool = False
    form: Form | None = None


def owe(
    kind: str, *, to: Recipient, key: str, context: dict[str, Any], hold: dt.timedelta = AT_ONCE, is_secret: bool = False
) -> Mail | None:
    """Owes one mail of `kind` to a person, or nothing where the same `key` was owed before.

    The texts are `templates/mail/<kind>.subject.txt`, `.txt` and `.html`, rendered in the person's language. Subjects are
    folded into one line, so no name can smuggle a header in. Runs in the caller's transaction: no act, no mail; the
    sender is woken when it commits. With `hold` it waits so long, and can be withdrawn meanwhile. `is_secret` says
    that it holds a link which must not be read later: the text is forgotten once the mail is sent or given up.
    """
    mail = rendered(Owed(kind, to, key, context, hold, is_secret))
    # INSERT … ON CONFLICT (key) DO NOTHING: two workers that owe the same mail leave one.
    stored = store([mail])
    wake_on_commit(SEND_MAIL)
    return Mail.objects.get(pk=mail.pk) if stored else None


def owe_all(owed: Iterable[Owed]) -> int:
    """Owes many mails, some hundred in one statement. Returns how many weren't owed before. Otherwise as `owe`."""
    remaining, count = iter(owed), 0
    while chunk := [rendered(one) for one in islice(remaining, CHUNK)]:
        count += len(store(chunk))
    if count:
        wake_on_commit(SEND_MAIL)
    return count


def rendered(owed: Owed) -> Mail:
    """The mail, rendered in the person's language and composed, not stored; `due_at` and `created_at` are the database's."""
    to = owed.to
    said = owed.form.texts(to, owed.context) if owed.form else texts(owed.kind, to, owed.context)
    mail_id = uuid.uuid4()
    mail = Mail(
        id=mail_id,
        key=owed.key,
        kind=owed.kind,
        to=to.email,
        language=to.language,
        subject=" ".join(said.subject.split())[:200],
        text=said.text,
        html=said.html,
        is_secret=owed.is_secret,
        message_id=f"<{mail_id}@partner-center>",
    )
    mail.hold = owed.hold
    mail.message = wire_form(mail)
    return mail


def withdraw(*, keys: str) -> bool:
    """Takes back the mails whose key begins with `keys`, and whether none of them has left or is just leaving.

    Runs in the caller's transaction, which refuses what it was about where a mail has told of it already. A mail that is
    taken back can be owed again.
    """
    owed = Mail.objects.filter(key__startswith=keys)
    owed.filter(state=Mail.State.OWED, claim=None, attempts=0).delete()
    return not owed.exists()
