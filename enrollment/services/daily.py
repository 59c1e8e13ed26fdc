"""What is done every night: who is eligible today is invited (rules ELI-2, INV-1)."""

from typing import Any

from enrollment.services.evaluation import evaluate
from enrollment.services.invitations import invite_due
from enrollment.services.opening import open_year
from incentives_portal.core import clock
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.locks import alone


def evaluate_and_invite(*, by: Any = SYSTEM) -> int:
    """Evaluates every location for every program, opens the year's rows and invites. Returns how many were invited.

    One run at a time: where another one is under way, this one leaves it the work.
    """
    with alone("evaluate_and_invite") as free:
        if not free:
            return 0
        # After the decisions, so that a new row is derived once, knowing them.
        evaluate(by=by)
        open_year(fiscal_year=FiscalYear.of(clock.today()), by=by)
        return invite_due(by=by)
