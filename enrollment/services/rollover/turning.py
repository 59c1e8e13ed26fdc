"""A range of a fiscal year turns into the next one: what is live ends, and what goes on is carried over. Set by set."""

from typing import Any

from enrollment.derivation import add, lock_all, settle_all
from enrollment.derivation.sets import columns, new_columns
from enrollment.models import RolloverPlan, RolloverRange
from enrollment.ranges import Range
from enrollment.rollover_sql import LINE_OF
from enrollment.services.opening import open_places
from incentives_portal.core import clock
from incentives_portal.core.fragments import Sql, rows_of, sql

from .going import HEIR, LIVE, OLD, bounds, counted, fill, here
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
_LOCK_PROFILES = f"""
SELECT count(*) FROM (
    SELECT FROM {{table}} used
    WHERE {{of_partner}} AND used.id IN (SELECT e.{{column}} FROM enrollment_enrollment e WHERE {LIVE} AND {{here}})
    ORDER BY used.id FOR NO KEY UPDATE OF used
) locked
"""  # noqa: S608
_OLD_ROWS = f"SELECT {{columns}} FROM going {OLD}"  # noqa: S608
_KNOWN_HEIRS = f"SELECT {{columns}} FROM going {OLD} {HEIR} WHERE going.goes_on AND NOT going.is_new"  # noqa: S608
_NEW_HEIRS = f"SELECT {{columns}} FROM going {OLD} WHERE going.goes_on AND going.is_new"  # noqa: S608
_LEFT_ALONE = f"""
SELECT count(*) FROM enrollment_enrollment e WHERE {{here}} AND e.ended_at IS NOT NULL AND {LINE_OF} IS NOT NULL
"""  # noqa: S608


def turn(plan: RolloverPlan, part: RolloverRange, *, by: Any) -> dict[str, int]:
    """Ends what is live in the range and carries on what the plan says, and counts both. The caller's is the transaction."""
    within = part.places
    _lock(plan, within)
    ((left_alone,),) = rows_of(sql(_LEFT_ALONE, plan.pk, here=here(plan, within)))
    fill(plan, within)
    # The old one ends first: a location has at most one live enrollment in a program.
    _end(within, by)
    validate_anew(within, by=by)
    _carry_on(plan, within, by)
    open_places(fiscal_year=plan.year.next, within=within, by=by)
    tell(plan, part)
    record(plan, by=by)
    return counted() | {"left_alone": left_alone}


def _lock(plan: RolloverPlan, within: Range) -> None:
    """Locks the profiles that are used, so that no decision or new version slips between two years, then the rows.

    Payout before tax before enrollments, as everywhere in the portal.
    """
    for table, column in (("profiles_payoutprofile", "payout_profile_id"), ("profiles_taxprofile", "tax_profile_id")):
        used = {"table": Sql(table), "column": Sql(column), "of_partner": within.of_partner("used.partner_id")}
        rows_of(sql(_LOCK_PROFILES, here=here(plan, within), **used))
    lock_all(here(plan, within, years=2))


def _end(within: Range, by: Any) -> None:
    ended = columns("old", ended_at=sql("%s::timestamptz", clock.now()), end_reason=Sql("going.end_reason"))
    rows = sql(_OLD_ROWS, columns=ended, **bounds(within))
    settle_all(rows, facts=("ended_at", "end_reason"), within=within, cause="year_ended", by=by)


def _carry_on(plan: RolloverPlan, within: Range, by: Any) -> None:
    """Gives each heir the facts of the old row. What was accepted and submitted stays so."""
    carried = {name: Sql(f"old.{name}") for name in CARRIED} | {"continued_from_id": Sql("old.id")}
    known = sql(_KNOWN_HEIRS, columns=columns("heir", **carried), **bounds(within))
    settle_all(known, facts=(*CARRIED, "continued_from_id"), within=within, cause="continued", by=by)
    own = {"id": Sql("going.heir_id"), "fiscal_year": sql("%s::smallint", plan.fiscal_year + 1)}
    own |= {name: Sql(f"old.{name}") for name in ("partner_id", "location_id", "program_id")}
    fresh = sql(_NEW_HEIRS, columns=new_columns(**carried, **own), **bounds(within))
    ((expected,),) = rows_of(Sql("SELECT count(*) FROM going WHERE goes_on AND is_new"))
    if add(fresh, within=within, cause="continued", by=by) != expected:
        raise InTheWayError
