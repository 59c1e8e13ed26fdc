"""A partner's part of the audit log, as its admins read it (rule OPS-3)."""

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from accounts.audit_form import By
from accounts.models import Membership
from incentives_portal.core import audit_wording, clock
from incentives_portal.core.audit_wording import Compared, Words
from incentives_portal.core.models import AuditEntry

PAGE_SIZE = 50
CHUNK = 1_000
Kind = AuditEntry.ActorKind


@dataclass(frozen=True, slots=True)
class Line:
    """One entry in words."""

    entry: AuditEntry
    title: str
    by: str
    facts: list[Compared]

    @property
    def changed(self) -> bool:
        return any(fact.changed for fact in self.facts)


def found(partner_id: uuid.UUID, wish: Mapping[str, Any]) -> QuerySet[AuditEntry]:
    """The partner's entries that fit the filters, newest first. `wish` is what `AuditForm` understood."""
    entries = AuditEntry.objects.filter(partner_id=partner_id).order_by("-id")
    if wish.get("from_day"):
        entries = entries.filter(at__gte=clock.start_of(wish["from_day"]))
    if wish.get("to_day"):
        entries = entries.filter(at__lt=clock.start_of(wish["to_day"] + dt.timedelta(days=1)))
    if wish.get("group"):
        entries = entries.filter(act__in=audit_wording.acts_of(wish["group"]))
    if wish.get("thing"):
        entries = entries.filter(object_type=wish["thing"])
    if wish.get("request"):
        entries = entries.filter(request_id=wish["request"])
    entries = _by(entries, partner_id, wish.get("by") or "", wish.get("who") or "")
    return _with_text(entries, partner_id, wish["text"]) if wish.get("text") else entries


def _members(partner_id: uuid.UUID) -> QuerySet[Membership]:
    """Those who belong to the partner, or did: the people whom it knows by name."""
    return Membership.objects.filter(partner_id=partner_id)


def _by(entries: QuerySet[AuditEntry], partner_id: uuid.UUID, kind: str, who: str) -> QuerySet[AuditEntry]:
    own = Q(actor_kind=Kind.PERSON, actor_id__in=_members(partner_id).values("user_id"))
    if kind:
        entries = entries.filter(
            {
                By.PEOPLE: own,
                By.OPERATOR: Q(actor_kind__in=[Kind.PERSON, Kind.COMMAND]) & ~own,
                By.DIRECTORY: Q(actor_kind=Kind.DIRECTORY),
                By.SYSTEM: Q(actor_kind=Kind.SYSTEM),
            }[kind]
        )
    if who:
        named = Q(user__name__icontains=who) | Q(user__email__icontains=who)
        entries = entries.filter(actor_kind=Kind.PERSON, actor_id__in=_members(partner_id).filter(named).values("user_id"))
    return entries


def _with_text(entries: QuerySet[AuditEntry], partner_id: uuid.UUID, text: str) -> QuerySet[AuditEntry]:
    """What was done to whom, and the facts. Names of actors are asked for by `who`, which knows whom a partner may know."""
    # As JSON holds it: what is searched for may have quotes.
    inside = text.replace("\\", "\\\\").replace('"', '\\"')
    return entries.alias(before_text=Cast("before", TextField()), after_text=Cast("after", TextField())).filter(
        Q(object_name__icontains=text) | Q(before_text__icontains=inside) | Q(after_text__icontains=inside)
    )


def page_of(entries: QuerySet[AuditEntry], partner_id: uuid.UUID, *, before: int | None) -> tuple[list[Line], int | None]:
    """So many entries older than the entry `before`, and the id to go on from where there are more; four queries at most."""
    if before is not None:
        entries = entries.filter(id__lt=before)
    rows = list(entries[: PAGE_SIZE + 1])
    more = rows[PAGE_SIZE - 1].pk if len(rows) > PAGE_SIZE else None
    return list(worded(rows[:PAGE_SIZE], _known(partner_id, rows))), more


def all_lines(entries: QuerySet[AuditEntry], partner_id: uuid.UUID) -> Iterator[list[Line]]:
    """Every entry, some at a time, in constant memory."""
    chunk: list[AuditEntry] = []
    for entry in entries.iterator(chunk_size=CHUNK):
        chunk.append(entry)
        if len(chunk) == CHUNK:
            yield list(worded(chunk, _known(partner_id, chunk)))
            chunk = []
    yield list(worded(chunk, _known(partner_id, chunk)))


def _known(partner_id: uuid.UUID, entries: Iterable[AuditEntry]) -> set[uuid.UUID]:
    """Which of the actors belong to the partner, or did."""
    ids = {entry.actor_id for entry in entries if entry.actor_id}
    return set(_members(partner_id).filter(user_id__in=ids).values_list("user_id", flat=True)) if ids else set()


def worded(entries: list[AuditEntry], known: set[uuid.UUID]) -> Iterator[Line]:
    """Entries as the partner reads them."""
    words = Words(entries)
    for entry in entries:
        yield Line(entry, words.sentence(entry), actor_of(entry, known), words.compared(entry))


def actor_of(entry: AuditEntry, known: set[uuid.UUID]) -> str:
    """Who did it. The operator's people go by the operator's name: a partner needs no list of its staff."""
    if entry.actor_kind == Kind.PERSON:
        return entry.actor_name if entry.actor_id in known else settings.OPERATOR_NAME
    if entry.actor_kind == Kind.COMMAND:
        # Behind the command's name stands who ran it.
        return f"{settings.OPERATOR_NAME} · {entry.actor_name.partition(' (')[0]}"
    if entry.actor_kind == Kind.DIRECTORY:
        return _("Directory: %(name)s") % {"name": entry.actor_name}
    return _("The portal by itself")
