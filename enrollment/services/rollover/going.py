"""What becomes of each live enrollment of a range, kept in a table of this transaction alone: `going`.

Tables that are joined to it are bounded to the range as well, so that of a million rows each range reads its part.
"""

from enrollment.models import RolloverPlan
from enrollment.ranges import Range
from incentives_portal.core import clock
from incentives_portal.core.fragments import Sql, rows_of, run, sql

LIVE = "e.invited_at IS NOT NULL AND e.declined_at IS NULL AND e.ended_at IS NULL"
# Every live row of the range: what becomes of it, by its line, and which row of the next year takes it over. The plan rules,
# even if a fact has changed since; only what is no longer offered can't go on. Without a line it is an invitation that
# nobody answered. Lines and heirs are looked up one by one, by their index: of a plan, and of a year, that have just been made
# PostgreSQL knows nothing yet, and would take its chances with a join.
_GOING = f"""
INSERT INTO going
SELECT e.id, line.verdict, line.reason, line.verdict <> 'end' AND NOT place.gone AND heir.invited_at IS NULL,
    heir.id IS NULL, coalesce(heir.id, uuidv7()),
    CASE WHEN line.verdict = 'end' THEN line.reason
        WHEN line.verdict IS NOT NULL AND place.gone THEN 'not_offered' ELSE 'year_ended' END,
    e.partner_id, e.location_id, e.program_id, e.payout_profile_id, e.tax_profile_id, e.submitted_at IS NOT NULL
FROM enrollment_enrollment e
JOIN enrollment_program g ON g.id = e.program_id
LEFT JOIN enrollment_fiscalyearoffer o ON o.program_id = e.program_id AND o.fiscal_year = e.fiscal_year + 1
LEFT JOIN LATERAL (
    SELECT * FROM enrollment_rolloverline line WHERE line.enrollment_id = e.id AND line.plan_id = %s LIMIT 1
) line ON true
LEFT JOIN LATERAL (
    SELECT * FROM enrollment_enrollment next
    WHERE next.program_id = e.program_id AND next.location_id = e.location_id AND next.fiscal_year = e.fiscal_year + 1 LIMIT 1
) heir ON true
CROSS JOIN LATERAL (
    SELECT heir.id IS NULL AND (
        o.id IS NULL OR g.level = 'pga' OR e.location_id IS NULL OR coalesce(g.discontinued_on < %s, false)
    ) AS gone
) place
WHERE {LIVE} AND {{here}} AND (e.accepted_at IS NULL OR line.id IS NOT NULL)
"""  # noqa: S608
_TABLE = """
CREATE TEMPORARY TABLE IF NOT EXISTS going (
    old_id uuid, verdict text, reason text, goes_on boolean, is_new boolean, heir_id uuid, end_reason text,
    partner_id uuid, location_id uuid, program_id uuid, payout_profile_id uuid, tax_profile_id uuid, submitted boolean
) ON COMMIT DELETE ROWS
"""
_COUNTS = """
SELECT count(*) FILTER (WHERE goes_on AND verdict = 'continue'), count(*) FILTER (WHERE goes_on AND verdict = 'hold'),
    count(*) FILTER (WHERE verdict IS NOT NULL AND goes_on IS NOT TRUE), count(*) FILTER (WHERE verdict IS NULL)
FROM going
"""
OLD = "JOIN enrollment_enrollment old ON old.id = going.old_id AND {of_old}"
HEIR = "JOIN enrollment_enrollment heir ON heir.id = going.heir_id AND {of_heir}"


def fill(plan: RolloverPlan, within: Range) -> None:
    """Decides what becomes of each; the rows are locked."""
    run(Sql(_TABLE))
    run(Sql("DELETE FROM going"))
    run(sql(_GOING, plan.pk, clock.today(), here=here(plan, within)))


def bounds(within: Range) -> dict[str, Sql]:
    """What OLD and HEIR lack."""
    return {"of_old": within.of_partner("old.partner_id"), "of_heir": within.of_partner("heir.partner_id")}


def counted() -> dict[str, int]:
    (numbers,) = rows_of(Sql(_COUNTS))
    return dict(zip(("continued", "held", "ended", "unanswered"), numbers, strict=True))


def here(plan: RolloverPlan, within: Range, *, years: int = 1) -> Sql:
    """The condition on rows `e` of the range: of the year that ends, or of the one after, too."""
    return sql(
        "e.fiscal_year BETWEEN %s AND %s AND {of_partner} AND {of_location}",
        plan.fiscal_year,
        plan.fiscal_year + years - 1,
        of_partner=within.of_partner("e.partner_id"),
        of_location=within.of_location("e.location_id"),
    )
