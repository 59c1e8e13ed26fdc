"""Opening a fiscal year: a row for every location and program, invited or not, so that *why not* can be shown."""

from typing import Any

from django.db import transaction

from enrollment.derivation import add
from enrollment.derivation.sets import new_columns
from enrollment.ranges import Range, cut
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.fragments import Sql, sql

# EXCEPT and not an anti-join: of a year that has just begun PostgreSQL knows nothing yet and would expect it to be empty.
_MISSING = """
SELECT {columns} FROM (
    SELECT g.id AS program_id, l.id AS location_id, l.partner_id
    FROM accounts_location l JOIN enrollment_fiscalyearoffer o ON o.fiscal_year = %s
    JOIN enrollment_program g ON g.id = o.program_id AND g.level = 'location' AND coalesce(g.discontinued_on >= %s, true)
    WHERE {of_partner} AND {of_location}
    EXCEPT SELECT l.program_id, l.location_id, l.partner_id FROM enrollment_enrollment l
    WHERE l.fiscal_year = %s AND {of_partner} AND {of_row}
) lacks
"""


def open_year(*, fiscal_year: FiscalYear, by: Any) -> int:
    """Adds the rows that the year still lacks, for every location and every program offered in it. Returns how many.

    Partner Global Accounts enroll no more, and what is discontinued has no new rows. Each range of locations is a transaction
    of its own, which derives the status of its new rows; run again, it adds what a run that was killed did not.
    """
    return sum(_open(fiscal_year, within, by) for within in cut())


@transaction.atomic
def _open(year: FiscalYear, within: Range, by: Any) -> int:
    return open_places(fiscal_year=year, within=within, by=by)


def open_places(*, fiscal_year: FiscalYear, within: Range, by: Any) -> int:
    """Adds the rows that a range of locations lacks in the year. The caller's is the transaction."""
    missing = sql(
        _MISSING,
        fiscal_year.ends_in,
        clock.today(),
        fiscal_year.ends_in,
        columns=new_columns(
            id=Sql("uuidv7()"),
            partner_id=Sql("lacks.partner_id"),
            location_id=Sql("lacks.location_id"),
            program_id=Sql("lacks.program_id"),
            fiscal_year=sql("%s::smallint", fiscal_year.ends_in),
        ),
        of_partner=within.of_partner("l.partner_id"),
        of_location=within.of_location("l.id"),
        of_row=within.of_location("l.location_id"),
    )
    return add(missing, within=within, cause="year_opened", by=by)
