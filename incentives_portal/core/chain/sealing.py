"""Gives each committed audit entry the next place in the chain.

Who writes an entry takes no lock and waits for nobody: ids become visible out of order, and one sealer at a time puts them in
order afterwards. What is new stands in a queue, so its work grows with what is new and not with the log.
"""

import logging
from typing import Any

from django.db import connection, transaction

from incentives_portal.core import locks
from incentives_portal.core.chain import digests
from incentives_portal.core.chain.digests import BEGINNING, SELECTED, Head, next_digest
from incentives_portal.core.models import AuditKey, AuditSeal

logger = logging.getLogger(__name__)

CHUNK = 5_000
# An entry that waits and is gone can't be sealed: it stays in the queue, where `check_audit` finds it.
_WAITING = f"""
SELECT {SELECTED} FROM core_auditpending p JOIN core_auditentry e ON e.id = p.entry_id
WHERE p.entry_id > %s ORDER BY p.entry_id LIMIT %s
"""  # noqa: S608
_SEAL = "INSERT INTO core_auditseal (sequence, entry_id, digest) SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[])"


def head() -> Head:
    """The newest place of the chain; place 0 where there is none yet."""
    newest = AuditSeal.objects.order_by("-sequence").first()
    return Head(newest.sequence, bytes(newest.digest)) if newest else Head(0, BEGINNING)


def seal(*, chunk: int = CHUNK) -> int:
    """Seals whatever waits, in chunks with a transaction each, and returns how many; 0 where another sealer is at it.

    Can be killed at any time: a chunk is sealed or it isn't. Raises NoKeyError.
    """
    with locks.alone("audit chain") as free:
        if not free:
            return 0
        key = _key()
        sealed = last = 0
        while rows := _seal_chunk(key, after=last, limit=chunk):
            sealed, last = sealed + len(rows), rows[-1][0]
        if sealed:
            # The one copy of the head that who owns the database can't rewrite is the one that leaves it.
            logger.info("sealed %d audit entries; the head of the audit log is %s", sealed, head())
        return sealed


def _key() -> bytes:
    """A chain that has begun keeps its key: without it nothing is sealed, and `health` and `check_audit` say so."""
    try:
        return digests.key()
    except digests.NoKeyError:
        if AuditKey.objects.exists() or AuditSeal.objects.exists():
            raise
        return digests.make_key()


@transaction.atomic
def _seal_chunk(key: bytes, *, after: int, limit: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [after, limit])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        if rows:
            newest = head()
            digest, computed = newest.digest, []
            for row in rows:
                computed.append(digest := next_digest(key, digest, row))
            places = range(newest.sequence + 1, newest.sequence + 1 + len(rows))
            cursor.execute(_SEAL, [list(places), [row[0] for row in rows], computed])
    return rows
