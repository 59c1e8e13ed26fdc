"""The audit log's only writer (rule OPS-3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

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


def record_all(entries: Iterable[AuditEntry]) -> None:
    """Writes many entries, made by `entry_of`, at once and in their order."""
    AuditEntry.objects.bulk_create(entries)


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
    is_person = not isinstance(by, By)
    return AuditEntry(
        actor_kind=AuditEntry.ActorKind.PERSON if is_person else by.kind,
        actor_id=by.pk if is_person else None,
        actor_name=(by.name or by.email)[:200] if is_person else by.name[:200],
        partner_id=partner_id if partner_id is not None else getattr(thing, "partner_id", None),
        act=act,
        object_type=thing._meta.label_lower,
        object_id=str(thing.pk),
        object_name=str(thing)[:300],
        before=before,
        after=after,
    )


def person(by: Any) -> Any:
    """`by` where it is a person, else None: what a `*_by` foreign key holds."""
    return None if isinstance(by, By) else by
