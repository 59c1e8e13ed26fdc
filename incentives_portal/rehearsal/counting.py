"""What the numbers must be, asked of PostgreSQL in plain SQL apart from the portal's own rules."""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection

from enrollment.derivation import differences
from incentives_portal.core.fiscal import FiscalYear

from .programs import PLOTS


@dataclass(frozen=True, slots=True)
class Comparison:
    """A number as the portal has it, and as it must be."""

    what: str
    portal: int
    expected: int

    @property
    def agrees(self) -> bool:
        return self.portal == self.expected

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"agrees": self.agrees}


def compare(what: str, portal: int, sql: str, **values: Any) -> Comparison:
    """Compares the portal's number with the answer to a question in SQL."""
    return Comparison(what, portal, ask(sql, **values))


def ask(sql: str, **values: Any) -> int:
    """The one number that the question asks for."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        (number,) = cursor.fetchone()
    return int(number)


def take_stock() -> None:
    """Lets PostgreSQL count its rows: autovacuum, which does it otherwise, comes by once a minute, and months pass here meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def stored_is_derived() -> Comparison:
    """Every stored status is what its facts say."""
    _checked, wrong = differences()
    return Comparison("stored statuses that are not what their facts say", len(wrong), 0)


def statuses(year: FiscalYear) -> dict[str, int]:
    """The year's enrollments by status."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT status, count(*) FROM enrollment_enrollment WHERE fiscal_year = %s GROUP BY status ORDER BY status",
            [year.ends_in],
        )
        return dict(cursor.fetchall())


def eligible_by_program(day: dt.date, counted: dict[str, int]) -> list[Comparison]:
    """The evaluation's counts against the raw facts."""
    return [
        Comparison(f"eligible for {plot.code}", counted[plot.code], ask(_located(plot.expected, day, "count(*)"))) for plot in PLOTS
    ]


def eligible(day: dt.date, codes: set[str]) -> int:
    """How many pairs of location and program the raw facts make eligible."""
    return sum(ask(_located(plot.expected, day, "count(*)")) for plot in PLOTS if plot.code in codes)


def _located(condition: str, day: dt.date, what: str) -> str:
    dated = condition.replace(":day", f"DATE '{day.isoformat()}'")
    return f"SELECT {what} FROM accounts_location l JOIN accounts_partner p ON p.id = l.partner_id WHERE {dated}"  # noqa: S608


# A row of the year that goes on, by the raw facts: complete, and eligible and offered in the year to come.
LIVE = "e.accepted_at IS NOT NULL AND e.ended_at IS NULL"
COMPLETE = """
e.submitted_at IS NOT NULL AND e.currency = ANY (g.currencies)
AND EXISTS (SELECT FROM profiles_validation v JOIN profiles_payoutprofile o ON o.latest_id = v.payout_version_id
            WHERE o.id = e.payout_profile_id AND v.paying_entity = g.paying_entity AND v.decision = 'approved')
AND EXISTS (SELECT FROM profiles_validation v JOIN profiles_taxprofile o ON o.latest_id = v.tax_version_id
            WHERE o.id = e.tax_profile_id AND v.paying_entity = g.paying_entity AND v.decision = 'approved')
"""
COUNT_LIVE = f"""
SELECT count(*) FROM enrollment_enrollment e JOIN enrollment_program g ON g.id = e.program_id
WHERE e.fiscal_year = %(year)s AND {LIVE}
"""  # noqa: S608
COUNT_COMPLETE = f"{COUNT_LIVE} AND {COMPLETE}"
OFFERED_NEXT = "EXISTS (SELECT FROM enrollment_fiscalyearoffer f WHERE f.program_id = g.id AND f.fiscal_year = %(year)s + 1)"


def verdicts(year: FiscalYear, day: dt.date) -> dict[str, int]:
    """How many lines of each verdict a plan must have, by the raw facts."""
    eligible_ones = " OR ".join(
        f"g.code = '{plot.code}' AND EXISTS ({_located(f'l.id = e.location_id AND ({plot.expected})', day, '')})" for plot in PLOTS
    )
    goes_on = f"{OFFERED_NEXT} AND ({eligible_ones})"
    live = COUNT_LIVE.replace("%(year)s", str(year.ends_in))
    goes_on = goes_on.replace("%(year)s", str(year.ends_in))
    return {
        "continue": ask(f"{live} AND {goes_on} AND {COMPLETE}"),
        "hold": ask(f"{live} AND {goes_on} AND NOT ({COMPLETE})"),
        "end": ask(f"{live} AND NOT ({goes_on})"),
    }


# A mail per invitation that is announced, to each incentives admin of the partner; here a partner has one for the whole of it.
INVITATION_MAILS = """
SELECT count(*) FROM enrollment_enrollment e JOIN enrollment_program g ON g.id = e.program_id
JOIN accounts_roleassignment a ON a.partner_id = e.partner_id AND a.role = 'incentives_admin'
WHERE e.invited_at IS NOT NULL AND e.continued_from_id IS NULL AND NOT g.open_to_all
"""
