"""Dead letters: what was given up, and sending it after all, once what was wrong is mended."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from incentives_portal.core import audit
from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.models import Mail
from incentives_portal.core.waking import wake_on_commit

from .owing import SEND_MAIL


def dead_letters(*, kind: str = "", ids: Collection[UUID] = ()) -> QuerySet[Mail]:
    """The mails that were given up, the latest first. Those that held a link which lets in whoever has it are not among them:
    their text is forgotten, and whoever needs one asks anew (rule ACC-5)."""
    dead = Mail.objects.filter(state=Mail.State.DEAD, is_secret=False).order_by("-due_at", "pk").defer("text", "html", "message")
    dead = dead.filter(kind=kind) if kind else dead
    return dead.filter(pk__in=ids) if ids else dead


@transaction.atomic
def requeue(dead: QuerySet[Mail], *, by: Any) -> int:
    """Owes them once more, with all their attempts and under the same Message-ID. Returns how many there were."""
    mails = list(dead.select_for_update(of=("self",)))
    audit.record_all(audit.entry_of("mail.requeued", mail, by=by, before={"error": mail.last_error}) for mail in mails)
    count = Mail.objects.filter(pk__in=[mail.pk for mail in mails], state=Mail.State.DEAD).update(
        state=Mail.State.OWED, attempts=0, due_at=DatabaseNow(), claim=None, claimed_until=None
    )
    wake_on_commit(SEND_MAIL)
    return count
