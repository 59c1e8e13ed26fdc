from django.db import models


class ClockRow(models.Model):
    """The one row that moves the portal's clock; `incentives_portal.core.clock` reads and writes it."""

    only = models.BooleanField(primary_key=True, default=True)
    shift = models.DurationField()

    class Meta:
        db_table = "core_clock"
        constraints = [models.CheckConstraint(name="clock_one_row", condition=models.Q(only=True))]
