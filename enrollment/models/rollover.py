import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.fiscal import FiscalYear

from .enrollments import Enrollment


class RolloverPlan(models.Model):
    """What is to become of every enrollment at the end of a fiscal year (rule FIS-3); `fiscal_year` is the year that ends."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    fiscal_year = models.PositiveSmallIntegerField(_("fiscal year"))
    planned_at = models.DateTimeField(db_default=DatabaseNow())
    planned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    applied_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("rollover plan")
        verbose_name_plural = _("rollover plans")
        constraints = [
            models.CheckConstraint(
                name="plan_approved_by_a_second_person",
                condition=Q(approved_by=None) | Q(planned_by=None) | ~Q(approved_by=F("planned_by")),
            ),
            models.CheckConstraint(name="plan_applied_after_approval", condition=Q(applied_at=None) | Q(approved_at__isnull=False)),
            models.UniqueConstraint(
                name="one_approved_plan_a_year", fields=["fiscal_year"], condition=Q(approved_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{FiscalYear(self.fiscal_year)} → {FiscalYear(self.fiscal_year).next}"


class RolloverLine(models.Model):
    """The verdict on one enrollment, with its reason."""

    class Verdict(models.TextChoices):
        CONTINUE = "continue", _("Carried over")
        HOLD = "hold", _("Carried over, something is missing")
        END = "end", _("Ends")

    plan = models.ForeignKey(RolloverPlan, models.CASCADE, related_name="lines")
    enrollment = models.ForeignKey(Enrollment, models.CASCADE, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    reason = models.CharField(max_length=20, blank=True)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("line of a rollover plan")
        verbose_name_plural = _("lines of a rollover plan")
        constraints = [models.UniqueConstraint(name="line_once", fields=["plan", "enrollment"])]
        indexes = [models.Index(F("plan"), F("id"), name="lines_to_apply", condition=Q(applied_at=None))]
