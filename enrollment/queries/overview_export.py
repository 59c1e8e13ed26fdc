"""All rows of the overview as a table, filters included (rule OPS-4), some at a time."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from accounts.actor import Actor
from enrollment.queries.overview import rows_of
from enrollment.queries.overview_rows import Row, RowWriter
from enrollment.queries.wish import Wish
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear

# So many are exported at once; who has more goes by country or program.
MOST = 100_000
CHUNK = 1_000


def header(actor: Actor) -> list[str]:
    """What the columns are called."""
    columns = [_("Program"), _("Code"), _("Fiscal year"), _("Location"), _("Partner ID"), _("City"), _("Status")]
    return [*columns, _("Actions required"), _("Until"), *([] if actor.partner else [_("Partner")])]


def chunks(actor: Actor, wish: Wish) -> Iterator[list[list[Any]]]:
    """The rows in the order of the page, in constant memory."""
    writer = RowWriter(actor, clock.now())
    rows = rows_of(actor, wish)[:MOST].iterator(chunk_size=CHUNK)
    while found := list(islice(rows, CHUNK)):
        yield [_cells(row, with_partner=actor.partner is None) for row in writer.write(found)]


def _cells(row: Row, *, with_partner: bool) -> list[Any]:
    cells = [row.program, row.program_code, str(FiscalYear(row.year)), row.place, row.mpn_id, row.city]
    cells += [row.label, row.action, row.until]
    return [*cells, row.partner] if with_partner else cells
