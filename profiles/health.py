"""Whether validations are looked after (rules VAL-1, VAL-4)."""

import datetime as dt

from incentives_portal.core import health
from incentives_portal.core.clock import DatabaseNow
from profiles.models import Validation
from profiles.models.validation import UNDECIDED

# The sweep flags what is past its 48 hours within a minute; longer means that nobody sweeps.
UNFLAGGED = dt.timedelta(minutes=5)


@health.check("validations")
def validations() -> health.Finding:
    """Overdue ones are counted: a reviewer's backlog. That one is overdue and nobody noticed is what is unwell."""
    overdue = Validation.objects.filter(UNDECIDED, due_at__lt=DatabaseNow())
    unnoticed = overdue.filter(overdue_since=None, due_at__lt=DatabaseNow() - UNFLAGGED).count()
    return health.Finding(not unnoticed, {"overdue": overdue.count(), "unnoticed": unnoticed})
