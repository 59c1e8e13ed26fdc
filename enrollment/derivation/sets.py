"""Any number of rows at once: facts gathered, statuses stored and history kept by SQL, in statements of a fixed number.

The pure function is asked once for each signature (see `enrollment.facts_sql`) and its answer written to all rows that have
it. Only `rederive_and_announce` sends a signal: what comes of other changes (a year that ends, a rule that changed) is told by
who makes them.
"""

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import CharField, Field, QuerySet

from enrollment.facts import gather
from enrollment.facts_sql import PAYOUT, TAX, Programs, signed
from enrollment.models import Enrollment
from enrollment.ranges import EVERYWHERE, Range, cut
from enrollment.status import derive
from incentives_portal.core import clock
from incentives_portal.core.audit import SYSTEM, person
from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.fragments import Sql, joined, rows_of, run, sql
from incentives_portal.core.waking import wake_on_commit

from .rows import DERIVED, Change, statuses_changed

SIZE = 5_000
FACTS = tuple(field for field in Enrollment._meta.concrete_fields if field.name not in DERIVED)
COLUMNS = tuple(str(field.column) for field in FACTS)

# It lives as long as the connection and is emptied with every transaction: no table is made over and over.
_TABLE = f"""
CREATE TEMPORARY TABLE IF NOT EXISTS settling ON COMMIT DELETE ROWS AS
SELECT {", ".join(COLUMNS)}, ''::text AS before_status, ''::text AS before_reason, ''::text AS signature
FROM enrollment_enrollment WITH NO DATA
"""  # noqa: S608
_GATHER = "INSERT INTO settling ({columns}) SELECT {columns} FROM ({signed}) signed"
_OUTCOMES = """
outcome AS MATERIALIZED (
    SELECT *, requirements::jsonb AS same, position(%s IN requirements) + position(%s IN requirements) > 0 AS with_profile
    FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
        AS o (signature, status, reason, requirements, derive_again_at)
), due AS {made} (
    SELECT {columns}, s.before_status, s.before_reason, o.status, o.reason, o.derive_again_at,
        CASE WHEN o.with_profile THEN replace(replace(o.requirements, %s, coalesce(s.payout_profile_id::text, '')),
            %s, coalesce(s.tax_profile_id::text, ''))::jsonb ELSE o.same END AS requirements
    FROM settling s JOIN outcome o USING (signature)
)
"""
_CHANGED = """
UPDATE enrollment_enrollment AS row
SET {facts} status = due.status, reason = due.reason, requirements = due.requirements, derive_again_at = due.derive_again_at,
    status_since = CASE WHEN (due.before_status, due.before_reason) = (due.status, due.reason) THEN row.status_since ELSE %s END
FROM due WHERE row.id = due.id AND {of_row} AND {touched}
RETURNING row.id, due.before_status, due.before_reason, row.status, row.reason
"""
_ADDED = """
INSERT INTO enrollment_enrollment ({columns}, status, reason, requirements, derive_again_at, status_since)
SELECT {columns}, status, reason, requirements, derive_again_at, %s FROM due ON CONFLICT DO NOTHING
RETURNING id, '' AS before_status, '' AS before_reason, status, reason
"""
_KEPT = """
WITH {outcomes}, written AS ({written})
INSERT INTO enrollment_statuschange (enrollment_id, at, before, after, reason, cause, by_id)
SELECT id, %s, before_status, status, reason, %s, %s FROM written WHERE (before_status, before_reason) <> (status, reason)
"""
# Of the rows settled last, whose old values `settling` keeps until others are gathered: what a `Change` is made of.
_CHANGES = """
SELECT row.id, row.partner_id, row.location_id, row.program_id, s.before_status, row.status
FROM settling s JOIN enrollment_enrollment row USING (id)
WHERE (s.before_status, s.before_reason) <> (row.status, row.reason) ORDER BY row.id
"""
_DIFFERENT = """
WITH {outcomes} SELECT due.id FROM due JOIN enrollment_enrollment row ON row.id = due.id
WHERE (row.status, row.reason, row.requirements) IS DISTINCT FROM (due.status, due.reason, due.requirements)
"""


def stored(where: Sql, **changed: Sql) -> Sql:
    """Rows of the table `e`, as `settle_all` takes them: `changed` are the facts that are to be others."""
    return sql("SELECT {columns} FROM enrollment_enrollment e WHERE {where}", columns=columns("e", **changed), where=where)


def columns(table: str, **changed: Sql) -> Sql:
    """The columns that `settle_all` takes, of a table or of what is to stand in their place, and the status before."""
    named = (sql(f"{{piece}} AS {name}", piece=changed.get(name, Sql(f"{table}.{name}"))) for name in COLUMNS)
    return joined(", ", [*named, Sql(f"{table}.status AS before_status, {table}.reason AS before_reason")])


def new_columns(**given: Sql) -> Sql:
    """The same for rows that `add` is to make: what isn't given is empty."""
    named = (sql(f"{{piece}} AS {field.column}", piece=given.get(str(field.column), _empty(field))) for field in FACTS)
    return joined(", ", [*named, Sql("'' AS before_status, '' AS before_reason")])


def _empty(field: "Field[Any, Any]") -> Sql:
    return Sql("''" if isinstance(field, CharField) else f"NULL::{field.db_type(connection)}")


def among(ids: Iterable[uuid.UUID]) -> Sql:
    """Rows of the table `e` by their ids, as one array."""
    return sql("e.id = ANY (%s::uuid[])", list(ids))


def lock_all(where: Sql) -> None:
    """Locks rows of the table `e` until the transaction ends, in the same order as everywhere."""
    rows_of(sql("SELECT count(*) FROM (SELECT FROM enrollment_enrollment e WHERE {where} ORDER BY e.id FOR UPDATE) l", where=where))


def settle_all(rows: Sql, *, facts: Sequence[str] = (), within: Range = EVERYWHERE, cause: str, by: Any) -> int:
    """Derives and saves the status of locked rows together with the columns named in `facts`, and keeps the history.

    `rows` is a question for `columns(…)`, the rows as they are to be. Returns the number of changes of status or reason.
    """
    _gather(rows, within, facts)
    same = "(row.status, row.reason, row.requirements, row.derive_again_at)"
    written = sql(
        _CHANGED,
        clock.now(),
        facts=Sql("".join(f"{name} = due.{name}, " for name in facts)),
        of_row=within.of_partner("row.partner_id"),
        touched=Sql("TRUE" if facts else f"{same} IS DISTINCT FROM {same.replace('row.', 'due.')}"),
    )
    return _keep(written, facts, cause, by)


def rederive_and_announce(because: Mapping[uuid.UUID, int], *, cause: str, by: Any) -> list[Change]:
    """As `rederive`, but of rows that the caller has locked, in its transaction, and announced as `settle` does.

    `because` says of each row which of many changes it came of. Returns the changes of status or reason.
    """
    if not settle_all(stored(among(because)), cause=cause, by=by):
        return []
    changes = [Change._make((*row, because[row[0]])) for row in rows_of(Sql(_CHANGES))]
    statuses_changed.send(sender=Enrollment, changes=changes, cause=cause, by=by)
    return changes


def add(rows: Sql, *, within: Range = EVERYWHERE, cause: str, by: Any) -> int:
    """Adds rows with the status that their facts mean, except where somebody else just has. Returns how many."""
    _gather(rows, within, COLUMNS)
    return _keep(sql(_ADDED, clock.now(), columns=Sql(", ".join(COLUMNS))), COLUMNS[1:], cause, by)


def _gather(rows: Sql, within: Range, facts: Sequence[str]) -> None:
    """Fills `settling` with what will be asked of it: `facts` are the columns to be written."""
    assert connection.in_atomic_block, "outside a transaction the rows are locked by nobody, and forgotten before they are settled"
    run(Sql(_TABLE))
    run(Sql("DELETE FROM settling"))
    kept = {"id", "payout_profile_id", "tax_profile_id", "before_status", "before_reason", "signature", *facts}
    run(sql(_GATHER, columns=Sql(", ".join(sorted(kept))), signed=signed(rows, clock.today(), within)))


def _keep(written: Sql, facts: Sequence[str], cause: str, by: Any) -> int:
    return run(
        sql(
            _KEPT,
            clock.now(),
            cause,
            getattr(person(by), "pk", None),
            outcomes=_outcomes(["id", *facts]),
            written=written,
        )
    )


def _outcomes(needed: Sequence[str]) -> Sql:
    """What the pure function says of each signature, as a table joined to the rows."""
    programs = Programs.read()
    answers = [_answer(programs, signature) for (signature,) in rows_of(Sql("SELECT DISTINCT signature FROM settling"))]
    arrays = [list(column) for column in zip(*answers, strict=True)] or [[]] * 5
    # Where nothing else is written, it is compared with what stands there, and would be made twice.
    made = Sql("MATERIALIZED" if needed == ["id"] else "")
    return sql(_OUTCOMES, PAYOUT, TAX, *arrays, PAYOUT, TAX, columns=Sql(", ".join(f"s.{name}" for name in needed)), made=made)


def _answer(programs: Programs, signature: str) -> tuple[str, str, str, str, dt.datetime | None]:
    outcome = derive(programs.facts(signature))
    requirements = json.dumps([requirement.as_json() for requirement in outcome.requirements])
    again = clock.start_of(outcome.again_on) if outcome.again_on else None
    return signature, outcome.status.value, outcome.reason.value, requirements, again


def rederive(ids: Iterable[uuid.UUID], *, cause: str, by: Any = SYSTEM) -> int:
    """Derives rows anew whose facts elsewhere changed, in batches of their own transactions. Returns the changes."""
    ordered = sorted(ids)
    return sum(_rederive(ordered[start : start + SIZE], cause, by) for start in range(0, len(ordered), SIZE))


@transaction.atomic
def _rederive(ids: Sequence[uuid.UUID], cause: str, by: Any) -> int:
    where = among(ids)
    lock_all(where)
    return settle_all(stored(where), cause=cause, by=by)


def derive_soon(rows: QuerySet[Enrollment]) -> int:
    """Leaves rows whose facts elsewhere changed to the worker, where they are more than a person can wait for."""
    due = rows.update(derive_again_at=DatabaseNow())
    wake_on_commit("enrollment.tasks.rederive_due")
    return due


def rederive_due(*, by: Any = SYSTEM) -> int:
    """Derives what time alone may have changed: a window, a deadline, a form or a year has run out. Returns the changes."""
    due = Enrollment.objects.filter(derive_again_at__lte=clock.now()).order_by("derive_again_at", "pk").values_list("pk", flat=True)
    changed, before = 0, None
    while (ids := list(due[:SIZE])) and ids != before:
        changed, before = changed + rederive(ids, cause="time", by=by), ids
    return changed


def differences() -> tuple[int, list[uuid.UUID]]:
    """How many rows were compared, and those whose stored status is not what their facts say (none, or a defect)."""
    checked, wrong = 0, []
    for within in cut():
        compared, suspects = _compare(within)
        checked += compared
        wrong += [pk for pk in suspects if _is_different(pk)]
    return checked, sorted(wrong)


@transaction.atomic
def _compare(within: Range) -> tuple[int, list[uuid.UUID]]:
    where = sql("{p} AND {l}", p=within.of_partner("e.partner_id"), l=within.of_location("e.location_id"))
    _gather(stored(where), within, ())
    ((compared,),) = rows_of(Sql("SELECT count(*) FROM settling"))
    return compared, [pk for (pk,) in rows_of(sql(_DIFFERENT, outcomes=_outcomes(["id"])))]


def _is_different(pk: uuid.UUID) -> bool:
    """Looks again at one row, by itself and without SQL's help: it may have changed between two statements."""
    row = Enrollment.objects.select_related("program").get(pk=pk)
    outcome = derive(gather([row])[pk])
    wanted = (outcome.status, outcome.reason, [requirement.as_json() for requirement in outcome.requirements])
    return (row.status, row.reason, row.requirements) != wanted
