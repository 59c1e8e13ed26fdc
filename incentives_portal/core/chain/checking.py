"""Walks the chain and says what somebody did to the audit log behind the portal's back (rule OPS-3).

Reads with server-side cursors, in constant memory and from one moment of the database, so it can run while entries are written
and sealed.
"""

import datetime as dt
import hmac
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from incentives_portal.core.chain import digests
from incentives_portal.core.chain.digests import BEGINNING, SELECTED, Head, next_digest
from incentives_portal.core.models import AuditSeal

# So many findings of a kind are named; beyond that they are counted.
NAMED = 20
FETCHED_AT_ONCE = 2_000

REMOVED = "removed"  # sealed, and gone
ALTERED = "altered"  # not what was sealed, or sealed at another place
MISSING_SEAL = "missing_seal"  # a place of the chain that nobody holds
NEVER_WAITED = "inserted"  # neither sealed nor waiting: written past the triggers
REMOVED_UNSEALED = "removed_unsealed"  # waited for its seal, and gone
LATE = "unsealed_for_long"  # waits for longer than the sealer takes
CUT_OFF = "cut_off"  # the chain no longer holds a head that it had
KEY_GONE = "key_gone"  # the key is missing, altered or not to be decrypted: no digest can be checked
UNGUARDED = "unguarded"  # a trigger that keeps the log is missing or switched off

WALK = f"""
SELECT s.sequence, s.digest, s.entry_id, {SELECTED}
FROM core_auditseal s LEFT JOIN core_auditentry e ON e.id = s.entry_id ORDER BY s.sequence
"""  # noqa: S608
UNSEALED = """
SELECT e.id FROM core_auditentry e WHERE NOT EXISTS (SELECT FROM core_auditseal s WHERE s.entry_id = e.id)
    AND NOT EXISTS (SELECT FROM core_auditpending p WHERE p.entry_id = e.id) ORDER BY e.id
"""
GONE = """
SELECT p.entry_id FROM core_auditpending p WHERE NOT EXISTS (SELECT FROM core_auditentry e WHERE e.id = p.entry_id)
ORDER BY p.entry_id
"""
WAITING_SINCE = """
SELECT e.id FROM core_auditpending p JOIN core_auditentry e ON e.id = p.entry_id
WHERE e.at < portal_now() - %s ORDER BY e.id
"""
TRIGGERS = (
    "audit_key_is_kept",
    "audit_append_only",
    "audit_entries_wait",
    "audit_seals_append_only",
    "audit_seals_are_next",
    "audit_queue_is_kept",
    "audit_queue_is_emptied_by_seals",
)
SWITCHED_ON = "SELECT tgname FROM pg_trigger WHERE tgname = ANY (%s) AND tgenabled IN ('O', 'A')"


@dataclass(slots=True)
class Findings:
    """What a check found: how many of each kind, the first of them by name, and the head that it reached."""

    head: Head = field(default_factory=lambda: Head(0, BEGINNING))
    counts: Counter[str] = field(default_factory=Counter)
    named: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, what: str) -> None:
        self.counts[kind] += 1
        if self.counts[kind] <= NAMED:
            self.named.setdefault(kind, []).append(what)

    @property
    def whole(self) -> bool:
        return not self.counts


def check(*, late_after: dt.timedelta, since: Sequence[Head] = ()) -> Findings:
    """Checks the whole log. `since` are heads that it had earlier and must still hold."""
    findings = Findings()
    # First, so that nothing else needs to be said to the database when the transaction begins.
    for trigger in _switched_off():
        findings.add(UNGUARDED, f"trigger {trigger}")
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        _walk(findings, since)
        for kind, sql, of_age in ((NEVER_WAITED, UNSEALED, ()), (REMOVED_UNSEALED, GONE, ()), (LATE, WAITING_SINCE, (late_after,))):
            for (entry_id,) in _rows(sql, of_age):
                findings.add(kind, f"entry {entry_id}")
    return findings


def _walk(findings: Findings, since: Sequence[Head]) -> None:
    """Each seal against its entry and the seal before it. After a fault it goes on from what stands there."""
    awaited = {head.sequence: head for head in since}
    key = _key(findings)
    place, previous = 0, BEGINNING
    for sequence, stored, entry_id, *entry in _rows(WALK):
        missing = range(place + 1, sequence)
        for gap in missing[:NAMED]:
            findings.add(MISSING_SEAL, f"place {gap}")
        if missing[NAMED:]:
            findings.counts[MISSING_SEAL] += len(missing[NAMED:])
        digest = bytes(stored)
        if entry[0] is None:
            findings.add(REMOVED, f"entry {entry_id}, place {sequence}")
        # Without the seal before it, nothing can be said about this one.
        elif key and not missing and not hmac.compare_digest(digest, next_digest(key, previous, tuple(entry))):
            findings.add(ALTERED, f"entry {entry_id}, place {sequence}")
        place, previous = sequence, digest
        earlier = awaited.pop(sequence, None)
        if earlier is not None and earlier.digest != digest:
            findings.add(CUT_OFF, f"place {sequence} was {earlier.digest.hex()}")
    for earlier in awaited.values():
        if earlier.sequence:
            findings.add(CUT_OFF, f"place {earlier.sequence} was {earlier.digest.hex()}")
    findings.head = Head(place, previous)


def _key(findings: Findings) -> bytes:
    try:
        return digests.key()
    except digests.NoKeyError:
        if AuditSeal.objects.exists():
            findings.add(KEY_GONE, "the key of the chain")
        return b""


def _rows(sql: str, arguments: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, arguments)
        while rows := cursor.fetchmany(FETCHED_AT_ONCE):
            yield from rows


def _switched_off() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(SWITCHED_ON, [list(TRIGGERS)])
        on = {name for (name,) in cursor.fetchall()}
    return [name for name in TRIGGERS if name not in on]
