"""Figures about validations (rules VAL-1, VAL-4)."""

from django.db.models import Count, Q

from incentives_portal.core import gauges
from incentives_portal.core.clock import DatabaseNow
from profiles.models import Validation
from profiles.models.validation import UNDECIDED


@gauges.gauge("portal_validations_open", "Validations that nobody has decided, by what they wait for", label="state")
def open_validations() -> gauges.Values:
    counted = Validation.objects.filter(UNDECIDED).aggregate(
        unchecked=Count("pk", filter=Q(checked_at=None)),
        reviewer=Count("pk", filter=Q(checked_at__isnull=False)),
        overdue=Count("pk", filter=Q(due_at__lt=DatabaseNow())),
    )
    return list(counted.items())
