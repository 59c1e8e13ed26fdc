"""Opening a fiscal year: a row for every location and program, invited or not, so that *why not* can be shown."""

from typing import Any
from uuid import UUID

from django.db import connection, transaction

from enrollment.derivation import rederive
from enrollment.models import Program
from enrollment.status import Status
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear

MISSING_ROWS = """
INSERT INTO enrollment_enrollment
    (id, partner_id, location_id, program_id, fiscal_year, currency, end_reason, status, reason, requirements)
SELECT gen_random_uuid(), l.partner_id, l.id, %s, %s, '', '', %s, '', '[]' FROM accounts_location l
WHERE NOT EXISTS (
    SELECT FROM enrollment_enrollment e WHERE e.program_id = %s AND e.location_id = l.id AND e.fiscal_year = %s
) ORDER BY l.id
ON CONFLICT DO NOTHING RETURNING id
"""


def open_year(*, fiscal_year: FiscalYear, by: Any) -> int:
    """Adds the rows that the year still lacks, for every location and every program offered in it. Returns how many.

    Partner Global Accounts enroll no more, and what is discontinued has no new rows. Each program is a transaction of its
    own, which derives the status of its new rows; run again, it adds what a run that was killed did not.
    """
    offered = Program.objects.filter(offers__fiscal_year=fiscal_year.ends_in, level=Program.Level.LOCATION)
    offered = offered.exclude(discontinued_on__lt=clock.today()).order_by("code")
    return sum(len(_open(program, fiscal_year, by)) for program in offered)


@transaction.atomic
def _open(program: Program, year: FiscalYear, by: Any) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(MISSING_ROWS, [program.pk, year.ends_in, Status.INACTIVE.value, program.pk, year.ends_in])
        ids = [enrollment_id for (enrollment_id,) in cursor.fetchall()]
    rederive(ids, cause="year_opened", by=by)
    return ids
