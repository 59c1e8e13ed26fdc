"""Figures about enrollments (rule STA-1)."""

from django.db.models import Count

from enrollment.models import Enrollment
from incentives_portal.core import clock, gauges
from incentives_portal.core.fiscal import FiscalYear


@gauges.gauge("portal_enrollments", "Enrollments of this fiscal year by status", label="status")
def enrollments_by_status() -> gauges.Values:
    rows = Enrollment.objects.filter(fiscal_year=FiscalYear.of(clock.today()).ends_in)
    return list(rows.order_by("status").values_list("status").annotate(Count("pk")))


@gauges.gauge("portal_enrollments_to_derive", "Enrollments whose status time may have changed and nobody has looked at yet")
def enrollments_to_derive() -> gauges.Values:
    return [("", Enrollment.objects.filter(derive_again_at__lte=clock.now()).count())]
