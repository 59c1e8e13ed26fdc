"""The verdict of `enrollment.rollover` as SQL, for all enrollments of a range (rules FIS-2, FIS-3).

The pure function stays the rule; that both say the same is proven by tests/enrollment/test_sql_says_the_same.py.
"""

import datetime as dt
from uuid import UUID

from enrollment.eligibility_sql import meets_all
from enrollment.facts_sql import PAYOUT_STATE, PROFILES, TAX_STATE, profiles
from enrollment.models import Program
from enrollment.ranges import Range
from enrollment.requirements import groups_of
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.fragments import Sql, joined, sql

NO_PLAN = UUID(int=0)
# Some version of the profile is approved, and nobody took that one back: it carries while the next one is validated (PAY-4).
_IN_FORCE = """EXISTS (
    SELECT FROM profiles_validation v JOIN profiles_{kind}profileversion w ON w.id = v.{kind}_version_id
    WHERE w.profile_id = {profile}.id AND v.paying_entity = g.paying_entity AND v.decision = 'approved'
    AND NOT EXISTS (SELECT FROM profiles_bankalarm a WHERE a.version_id = w.id AND a.outcome = 'taken_back')
)"""
_COMPLETE = "CASE {state} WHEN 'approved' THEN true WHEN 'validating' THEN {in_force} ELSE false END"
_PAYOUT = _COMPLETE.format(state=PAYOUT_STATE, in_force=_IN_FORCE.format(kind="payout", profile="pp"))
_TAX = _COMPLETE.format(state=TAX_STATE, in_force=_IN_FORCE.format(kind="tax", profile="tp"))
_JUDGED = f"""
SELECT e.id, CASE
    WHEN g.level = 'pga' OR e.location_id IS NULL THEN 'pga_history'
    WHEN o.id IS NULL OR g.discontinued_on < %s THEN 'not_offered'
    WHEN NOT CASE e.program_id {{eligible}} ELSE true END THEN 'not_eligible'
    WHEN e.submitted_at IS NULL OR e.currency <> ALL (g.currencies) THEN 'incomplete'
    WHEN NOT {_PAYOUT} OR tv.expires_on < %s OR NOT {_TAX} THEN 'incomplete'
    ELSE '' END AS reason
FROM enrollment_enrollment e
JOIN enrollment_program g ON g.id = e.program_id
JOIN accounts_partner p ON p.id = e.partner_id
LEFT JOIN accounts_location l ON l.id = e.location_id
LEFT JOIN enrollment_fiscalyearoffer o ON o.program_id = g.id AND o.fiscal_year = e.fiscal_year + 1
{PROFILES}
WHERE {{accepted}}
"""  # noqa: S608
VERDICT = "CASE judged.reason WHEN '' THEN 'continue' WHEN 'incomplete' THEN 'hold' ELSE 'end' END"


# A subquery for each row, by its index: PostgreSQL knows nothing of the lines of a plan that has just been made.
LINE_OF = "(SELECT line.id FROM enrollment_rolloverline line WHERE line.enrollment_id = e.id AND line.plan_id = %s)"
_ACCEPTED = f"""
e.fiscal_year = %s AND e.accepted_at IS NOT NULL AND e.ended_at IS NULL AND {{of_partner}} AND {{of_location}} AND {LINE_OF} IS NULL
"""


def _accepted(year: FiscalYear, within: Range, besides: UUID) -> Sql:
    """What a rollover of the year is about: accepted, not ended, and not in the plan yet."""
    return sql(
        _ACCEPTED,
        year.ends_in,
        besides,
        of_partner=within.of_partner("e.partner_id"),
        of_location=within.of_location("e.location_id"),
    )


def judged(year: FiscalYear, within: Range, *, besides: UUID = NO_PLAN) -> Sql:
    """A question for (id, reason): every enrollment of the year within the range, and why it isn't simply to continue.

    Those of the plan `besides` are left out. Judged for the new year's first day, or today where that is later. `VERDICT` is what the reason means.
    """
    today = clock.today()
    day = max(year.next.first_day, today)
    return sql(
        _JUDGED, day, day, today, eligible=_eligible(day, within), accepted=_accepted(year, within, besides), **profiles(within)
    )


def _eligible(day: dt.date, within: Range) -> Sql:
    programs = Program.objects.filter(open_to_all=False).prefetch_related("groups__items")
    asking = ((program.pk, groups_of(program)) for program in programs)
    whens = [sql("WHEN %s THEN {all}", pk, all=meets_all(groups, day, within)) for pk, groups in asking if groups]
    # Each CASE needs an arm.
    return joined(" ", whens) if whens else Sql("WHEN NULL THEN true")
