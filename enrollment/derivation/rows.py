"""Single rows: a service locks them, changes their facts in memory and calls `settle`.

It derives and saves facts and status in one UPDATE, so that no moment exists in which they disagree; the database's check
constraints would refuse it anyway.
"""

import json
import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.dispatch import Signal

from enrollment.facts import gather
from enrollment.models import Enrollment, StatusChange
from enrollment.status import Outcome, derive
from incentives_portal.core import clock
from incentives_portal.core.audit import person

DERIVED = ("status", "reason", "requirements", "derive_again_at", "status_since")
BATCH = 500

# Sent inside the transaction with `changes` (a list of `Change`), `cause` and `by`: notices and mails follow from it.
statuses_changed = Signal()


class Change(NamedTuple):
    """One enrollment whose status or reason is new. What has the same `because` came of the same thing.

    It says no more of the row than whom it concerns: many change at once, and for most there is nobody to be told.
    """

    pk: uuid.UUID
    partner_id: uuid.UUID
    location_id: uuid.UUID | None
    program_id: uuid.UUID
    before: str
    after: str
    because: int = 0


def lock(ids: Collection[uuid.UUID | str]) -> list[Enrollment]:
    """The rows, locked until the transaction ends, always in the same order, with their program and location."""
    rows = Enrollment.objects.select_for_update(of=("self",)).select_related("program", "location", "partner")
    return list(rows.filter(pk__in=ids).order_by("pk"))


def settle(rows: Sequence[Enrollment], *, facts: Iterable[str] = (), cause: str, by: Any) -> list[Change]:
    """Derives and saves the status of locked rows together with the columns named in `facts`, and keeps the history.

    `cause` is a short code (`accepted`, `submitted`, `validation_approved`, `evaluated` …) for the timeline; `by` is who
    or what caused it. Returns the changes of status or reason.
    """
    gathered, now = gather(rows), clock.now()
    changed: list[tuple[Enrollment, str]] = []
    touched: list[Enrollment] = []
    for row in rows:
        before = (row.status, row.reason, row.requirements, row.derive_again_at)
        _apply(row, derive(gathered[row.pk]))
        if (row.status, row.reason) != before[:2]:
            row.status_since = now
            changed.append((row, before[0]))
        if facts or (row.status, row.reason, row.requirements, row.derive_again_at) != before:
            touched.append(row)
    _save(touched, [*facts, *DERIVED])
    StatusChange.objects.bulk_create(
        (
            StatusChange(enrollment=row, before=before, after=row.status, reason=row.reason, cause=cause, by=person(by))
            for row, before in changed
        ),
        batch_size=BATCH,
    )
    changes = [Change(row.pk, row.partner_id, row.location_id, row.program_id, before, row.status) for row, before in changed]
    if changes:
        statuses_changed.send(sender=Enrollment, changes=changes, cause=cause, by=by)
    return changes


def _save(rows: Sequence[Enrollment], names: Sequence[str]) -> None:
    """One UPDATE for all rows: `bulk_update` takes ten times as long, which a year of ten thousand enrollments would feel."""
    fields = [field for field in Enrollment._meta.concrete_fields if field.name in names]
    values = [{"id": row.pk} | {str(field.column): field.value_from_object(row) for field in fields} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE enrollment_enrollment AS row SET {', '.join(f'{field.column} = new.{field.column}' for field in fields)} "  # noqa: S608
            "FROM jsonb_populate_recordset(NULL::enrollment_enrollment, %s) AS new WHERE new.id = row.id",
            [json.dumps(values, default=str)],
        )


def _apply(row: Enrollment, outcome: Outcome) -> None:
    row.status = outcome.status.value
    row.reason = outcome.reason.value
    row.requirements = [requirement.as_json() for requirement in outcome.requirements]
    row.derive_again_at = clock.start_of(outcome.again_on) if outcome.again_on else None
