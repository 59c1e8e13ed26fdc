"""Taking what has still to be checked, so that of several workers each gets others (rule VAL-2)."""

from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from incentives_portal.core.fragments import Sql, rows_of, sql
from profiles.models import Validation
from profiles.models.validation import Kind

# Of a version that isn't its profile's latest any more, or whose profile is archived or frozen, nothing is checked (rules VAL-5, PAY-5).
# The profile is found by the version that is its latest, which tells PostgreSQL that there is one: it then reads the most urgent
# in the order of their index, and no further than it locks.
_FREE = """
SELECT v.due_at, v.id, '{kind}' AS kind, p.id AS profile_id, v.paying_entity
FROM profiles_validation v JOIN profiles_{kind}profile p ON p.latest_id = v.{kind}_version_id
WHERE v.decision = '' AND v.checked_at IS NULL AND {usable} AND v.id IN ({{among}})
ORDER BY v.due_at, v.id LIMIT %s
FOR NO KEY UPDATE OF p, v SKIP LOCKED
"""
_LOCKED = f"""
WITH payout AS ({_FREE.format(kind="payout", usable="p.archived_at IS NULL AND p.frozen_at IS NULL")}),
tax AS ({_FREE.format(kind="tax", usable="p.archived_at IS NULL")})
SELECT id, kind, profile_id, paying_entity FROM (TABLE payout UNION ALL TABLE tax) free ORDER BY due_at, id LIMIT %s
"""  # noqa: S608


class Locked(NamedTuple):
    """A validation that is locked, and its profile before it."""

    pk: UUID
    kind: Kind
    profile_id: UUID
    paying_entity: str


def lock_unchecked(among: QuerySet[Validation], size: int) -> list[Locked]:
    """The most urgent of `among` for which the automatic checks have still to run, locked with their profiles.

    What another worker or a reviewer holds is left to them. So nobody is waited for, and of several workers each gets others.
    """
    asked = Sql(*among.order_by().values("pk").query.sql_with_params())
    return [Locked(*row) for row in rows_of(sql(_LOCKED, size, size, size, among=asked))]
