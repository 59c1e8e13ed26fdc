"""Taking what has still to be checked, so that of several workers each gets others (rule VAL-2)."""

from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from incentives_portal.core.fragments import rows_of, sql
from profiles.models import Validation
from profiles.models.validation import Kind

# A partner's own stand together where they are due at the same moment, as what is submitted at once is: an enrollment that waits
# for several is then derived once, and no two workers want it.
MOST_URGENT_FIRST = ("due_at", "partner_id", "pk")
# Of a version that isn't its profile's latest any more, or whose profile is archived or frozen, nothing is checked (rules VAL-5, PAY-5).
_FREE = """
SELECT due.place, v.id, '{kind}' AS kind, p.id AS profile_id, v.paying_entity
FROM unnest(%s::uuid[]) WITH ORDINALITY AS due (id, place) JOIN profiles_validation v USING (id)
JOIN profiles_{kind}profile p ON p.latest_id = v.{kind}_version_id
WHERE v.decision = '' AND v.checked_at IS NULL AND {usable}
FOR NO KEY UPDATE OF p, v SKIP LOCKED
"""
_LOCK = f"""
WITH payout AS ({_FREE.format(kind="payout", usable="p.archived_at IS NULL AND p.frozen_at IS NULL")}),
tax AS ({_FREE.format(kind="tax", usable="p.archived_at IS NULL")})
SELECT id, kind, profile_id, paying_entity FROM (TABLE payout UNION ALL TABLE tax) free ORDER BY place
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
    due, seen, locked = among.order_by(*MOST_URGENT_FIRST).values_list("pk", flat=True), 0, list[Locked]()
    while len(locked) < size and (ids := list(due[seen : seen + size - len(locked)])):
        locked += (Locked(*row) for row in rows_of(sql(_LOCK, ids, ids)))
        seen += len(ids)
    return locked
