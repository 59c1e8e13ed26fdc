"""The audit log's only writer (rule OPS-3)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model

from incentives_portal.core import request_ids
from incentives_portal.core.fragments import Sql, run, sql
from incentives_portal.core.models import AuditEntry


@dataclass(frozen=True, slots=True)
class By:
    """Who or what acts, where it is not a person: a command, the directory, or the system's own sweep."""

    kind: str
    name: str

    pk = None


SYSTEM = By(AuditEntry.ActorKind.SYSTEM, "portal")


def command(name: str) -> By:
    """The actor that a management command is; `name` says which command and who ran it."""
    return By(AuditEntry.ActorKind.COMMAND, name)


def directory(name: str) -> By:
    """A partner's own directory as the actor, at a sign-in or by provisioning; `name` says whose."""
    return By(AuditEntry.ActorKind.DIRECTORY, name)


def is_directory(by: Any) -> bool:
    """Whether `by` is a partner's directory."""
    return isinstance(by, By) and by.kind == AuditEntry.ActorKind.DIRECTORY


def record(
    act: str,
    thing: Any,
    *,
    by: Any,
    partner_id: UUID | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEntry:
    """Writes that `by` (a User or a `By`) did `act` to `thing` (a model row).

    `before` and `after` are plain JSON with bank and tax numbers masked. Call it in the transaction of the act.
    """
    entry = entry_of(act, thing, by=by, partner_id=partner_id, before=before, after=after)
    entry.save(force_insert=True)
    return entry


# Every column but the id and the time.
_TYPES = {
    "actor_kind": "text",
    "actor_id": "uuid",
    "actor_name": "text",
    "partner_id": "uuid",
    "act": "text",
    "object_type": "text",
    "object_id": "text",
    "object_name": "text",
    "before": "jsonb",
    "after": "jsonb",
    "request_id": "uuid",
}
_ALL = f"""
INSERT INTO core_auditentry (at, {", ".join(_TYPES)})
SELECT portal_now(), * FROM unnest({", ".join(f"%s::{kind}[]" for kind in _TYPES.values())})
"""  # noqa: S608


def record_all(entries: Iterable[AuditEntry]) -> None:
    """Writes many entries, made by `entry_of`, at once and in their order.

    An array for each column: thousands of placeholders take PostgreSQL and the driver several times as long.
    """
    rows = [[_stored(getattr(entry, name), kind) for name, kind in _TYPES.items()] for entry in entries]
    if rows:
        run(sql(_ALL, *(list(column) for column in zip(*rows, strict=True))))


def _stored(value: Any, kind: str) -> Any:
    return json.dumps(value) if kind == "jsonb" and value is not None else value


_EACH = """
INSERT INTO core_auditentry (at, actor_kind, actor_id, actor_name, partner_id, act, object_type, object_id, object_name,
    before, after, request_id)
SELECT (SELECT portal_now()), %s, %s, %s, thing.partner_id, %s, %s, thing.id::text, left(thing.name, 300), thing.before, thing.after, %s
FROM ({things}) thing
"""


def record_each(act: str, model: type[Model], things: Sql, *, by: Any) -> int:
    """Writes one entry for each row of `things`, a question for (id, name, partner_id, before, after). Returns how many."""
    told = _actor(by)
    facts = (told["actor_kind"], told["actor_id"], told["actor_name"], act, model._meta.label_lower, request_ids.current())
    return run(sql(_EACH, *facts, things=things))


def entry_of(
    act: str,
    thing: Any,
    *,
    by: Any,
    partner_id: UUID | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEntry:
    """An entry that is not written yet, for `record_all`."""
    return AuditEntry(
        **_actor(by),
        partner_id=partner_id if partner_id is not None else getattr(thing, "partner_id", None),
        act=act,
        object_type=thing._meta.label_lower,
        object_id=str(thing.pk),
        object_name=str(thing)[:300],
        before=before,
        after=after,
    )


def _actor(by: Any) -> dict[str, Any]:
    if isinstance(by, By):
        return {"actor_kind": by.kind, "actor_id": None, "actor_name": by.name[:200]}
    return {"actor_kind": AuditEntry.ActorKind.PERSON, "actor_id": by.pk, "actor_name": (by.name or by.email)[:200]}


def person(by: Any) -> Any:
    """`by` where it is a person, else None: what a `*_by` foreign key holds."""
    return None if isinstance(by, By) else by
