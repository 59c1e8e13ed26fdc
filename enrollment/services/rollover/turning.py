"""A range of a fiscal year turns into the next one: what is live ends, and what goes on is carried over. Set by set."""

from typing import Any

from enrollment.derivation import add, lock_all, settle_all
from enrollment.derivation.sets import columns, new_columns
from enrollment.models import RolloverPlan, RolloverRange
from enrollment.ranges import Range
from enrollment.services.opening import open_places
from incentives_portal.core import clock
from incentives_portal.core.fragments import Sql, rows_of, run, sql

from .ranges import InTheWayError
from .telling import record, tell
from .validating import validate_anew

CARRIED = (
    "invited_at",
    "accepted_at",
    "accepted_by_id",
    "payout_profile_id",
    "tax_profile_id",
    "currency",
    "submitted_at",
    "submitted_by_id",
)
_LIVE = "e.invited_at IS NOT NULL AND e.declined_at IS NULL AND e.ended_at IS NULL"
# Every live row of the range: what becomes of it, by its line, and which row of the next year takes it over. The plan rules,
# even if a fact has changed since; only what is no longer offered can't go on. Without a line it is an invitation that
# nobody answered.
_GOING = f"""
INSERT INTO going
SELECT e.id, line.verdict, line.reason, line.verdict <> 'end' AND NOT place.gone AND heir.invited_at IS NULL,
    heir.id IS NULL, coalesce(heir.id, gen_random_uuid()),
    CASE WHEN line.verdict = 'end' THEN line.reason
        WHEN line.verdict IS NOT NULL AND place.gone THEN 'not_offered' ELSE 'year_ended' END
FROM enrollment_enrollment e
JOIN enrollment_program g ON g.id = e.program_id
LEFT JOIN enrollment_rolloverline line ON line.enrollment_id = e.id AND line.plan_id = %s
LEFT JOIN enrollment_fiscalyearoffer o ON o.program_id = e.program_id AND o.fiscal_year = e.fiscal_year + 1
LEFT JOIN enrollment_enrollment heir ON heir.program_id = e.program_id AND heir.location_id = e.location_id
    AND heir.fiscal_year = e.fiscal_year + 1 AND {{of_heir}}
CROSS JOIN LATERAL (
    SELECT heir.id IS NULL AND (
        o.id IS NULL OR g.level = 'pga' OR e.location_id IS NULL OR coalesce(g.discontinued_on < %s, false)
    ) AS gone
) place
WHERE {_LIVE} AND {{here}} AND (e.accepted_at IS NULL OR line.id IS NOT NULL)
"""  # noqa: S608
_LOCK_PROFILES = f"""
SELECT count(*) FROM (
    SELECT FROM {{table}} used WHERE used.id IN (SELECT e.{{column}} FROM enrollment_enrollment e WHERE {_LIVE} AND {{here}})
    ORDER BY used.id FOR NO KEY UPDATE OF used
) locked
"""  # noqa: S608
_TABLE = """
CREATE TEMPORARY TABLE IF NOT EXISTS going (
    old_id uuid, verdict text, reason text, goes_on boolean, is_new boolean, heir_id uuid, end_reason text
) ON COMMIT DELETE ROWS
"""
_COUNTS = """
SELECT count(*) FILTER (WHERE goes_on AND verdict = 'continue'), count(*) FILTER (WHERE goes_on AND verdict = 'hold'),
    count(*) FILTER (WHERE verdict IS NOT NULL AND goes_on IS NOT TRUE), count(*) FILTER (WHERE verdict IS NULL)
FROM going
"""
_LEFT_ALONE = """
SELECT count(*) FROM enrollment_rolloverline line JOIN enrollment_enrollment e ON e.id = line.enrollment_id
WHERE line.plan_id = %s AND {here} AND NOT EXISTS (SELECT FROM going WHERE going.old_id = e.id)
"""


def turn(plan: RolloverPlan, part: RolloverRange, *, by: Any) -> dict[str, int]:
    """Ends what is live in the range and carries on what the plan says, and counts both. The caller's is the transaction."""
    within = part.places
    _lock(plan, within)
    run(Sql(_TABLE))
    run(Sql("DELETE FROM going"))
    run(sql(_GOING, plan.pk, clock.today(), of_heir=within.of_partner("heir.partner_id"), here=_of(plan, within)))
    # The old one ends first: a location has at most one live enrollment in a program.
    _end(within, by)
    validate_anew(within, by=by)
    _carry_on(plan, within, by)
    open_places(fiscal_year=plan.year.next, within=within, by=by)
    tell(plan, part)
    record(plan, by=by)
    ((continued, held, ended, unanswered),) = rows_of(Sql(_COUNTS))
    ((left_alone,),) = rows_of(sql(_LEFT_ALONE, plan.pk, here=_of(plan, within)))
    return {"continued": continued, "held": held, "ended": ended, "unanswered": unanswered, "left_alone": left_alone}


def _of(plan: RolloverPlan, within: Range, *, years: int = 1) -> Sql:
    """The condition on rows `e` of the range: of the year that ends, or of the one after, too."""
    return sql(
        "e.fiscal_year BETWEEN %s AND %s AND {of_partner} AND {of_location}",
        plan.fiscal_year,
        plan.fiscal_year + years - 1,
        of_partner=within.of_partner("e.partner_id"),
        of_location=within.of_location("e.location_id"),
    )


def _lock(plan: RolloverPlan, within: Range) -> None:
    """Locks the profiles that are used, so that no decision or new version slips between two years, then the rows.

    Payout before tax before enrollments, as everywhere in the portal.
    """
    for table, column in (("profiles_payoutprofile", "payout_profile_id"), ("profiles_taxprofile", "tax_profile_id")):
        rows_of(sql(_LOCK_PROFILES, table=Sql(table), column=Sql(column), here=_of(plan, within)))
    lock_all(_of(plan, within, years=2))


def _end(within: Range, by: Any) -> None:
    ended = columns("e", ended_at=sql("%s::timestamptz", clock.now()), end_reason=Sql("going.end_reason"))
    rows = sql("SELECT {ended} FROM going JOIN enrollment_enrollment e ON e.id = going.old_id", ended=ended)
    settle_all(rows, facts=("ended_at", "end_reason"), within=within, cause="year_ended", by=by)


def _carry_on(plan: RolloverPlan, within: Range, by: Any) -> None:
    """Gives each heir the facts of the old row. What was accepted and submitted stays so."""
    carried = {name: Sql(f"old.{name}") for name in CARRIED} | {"continued_from_id": Sql("old.id")}
    joined = "FROM going JOIN enrollment_enrollment old ON old.id = going.old_id"
    known = sql(
        f"SELECT {{columns}} {joined} JOIN enrollment_enrollment e ON e.id = going.heir_id WHERE going.goes_on AND NOT going.is_new",
        columns=columns("e", **carried),
    )
    settle_all(known, facts=(*CARRIED, "continued_from_id"), within=within, cause="continued", by=by)
    own = {"id": Sql("going.heir_id"), "fiscal_year": sql("%s::smallint", plan.fiscal_year + 1)}
    own |= {name: Sql(f"old.{name}") for name in ("partner_id", "location_id", "program_id")}
    fresh = sql(f"SELECT {{columns}} {joined} WHERE going.goes_on AND going.is_new", columns=new_columns(**carried, **own))
    ((expected,),) = rows_of(Sql("SELECT count(*) FROM going WHERE goes_on AND is_new"))
    if add(fresh, within=within, cause="continued", by=by) != expected:
        raise InTheWayError
