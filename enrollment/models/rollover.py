import enum
import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enrollment.ranges import FIRST, LAST, Range
from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.fiscal import FiscalYear

from .enrollments import Enrollment


class PlanState(enum.StrEnum):
    """Where a plan stands; it follows from its times."""

    PLANNING = "planning"
    PLANNED = "planned"
    APPROVED = "approved"
    PAUSED = "paused"
    APPLYING = "applying"
    APPLIED = "applied"


class RolloverPlan(models.Model):
    """What is to become of every enrollment at the end of a fiscal year (rule FIS-3); `fiscal_year` is the year that ends.

    It is made and applied range by range (`RolloverRange`). `totals` counts its lines once it is ready: a row for each program,
    verdict and reason; `changes` counts those that are others than in the plan before it. `paused_at`: nobody takes the next range until it is resumed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    fiscal_year = models.PositiveSmallIntegerField(_("fiscal year"))
    planned_at = models.DateTimeField(db_default=DatabaseNow())
    planned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    ready_at = models.DateTimeField(null=True)
    compared_with = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    totals = models.JSONField(default=list)
    changes = models.JSONField(default=list)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    started_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("rollover plan")
        verbose_name_plural = _("rollover plans")
        constraints = [
            models.CheckConstraint(
                name="plan_approved_by_a_second_person",
                condition=Q(approved_by=None) | Q(planned_by=None) | ~Q(approved_by=F("planned_by")),
            ),
            models.CheckConstraint(name="plan_approved_when_ready", condition=Q(approved_at=None) | Q(ready_at__isnull=False)),
            models.CheckConstraint(name="plan_started_after_approval", condition=Q(started_at=None) | Q(approved_at__isnull=False)),
            models.CheckConstraint(name="plan_applied_after_approval", condition=Q(applied_at=None) | Q(approved_at__isnull=False)),
            models.UniqueConstraint(
                name="one_approved_plan_a_year", fields=["fiscal_year"], condition=Q(approved_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} → {self.year.next}"

    @property
    def year(self) -> FiscalYear:
        """The fiscal year that ends."""
        return FiscalYear(self.fiscal_year)

    @property
    def state(self) -> PlanState:
        if self.applied_at:
            return PlanState.APPLIED
        if self.approved_at and self.paused_at:
            return PlanState.PAUSED
        if self.started_at:
            return PlanState.APPLYING
        if self.approved_at:
            return PlanState.APPROVED
        return PlanState.PLANNED if self.ready_at else PlanState.PLANNING


class RolloverRange(models.Model):
    """A part of a plan, made in one transaction and applied in one; `counts` says what the latter did.

    Whoever works on it holds its lock, which PostgreSQL lets go when they die: another one then begins it anew.
    """

    plan = models.ForeignKey(RolloverPlan, models.CASCADE, related_name="ranges", db_index=False)
    number = models.PositiveIntegerField()
    first_partner = models.UUIDField(default=FIRST)
    last_partner = models.UUIDField(default=LAST)
    first_location = models.UUIDField(default=FIRST)
    last_location = models.UUIDField(default=LAST)
    planned_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("range of a rollover plan")
        verbose_name_plural = _("ranges of a rollover plan")
        constraints = [
            models.UniqueConstraint(name="range_once", fields=["plan", "number"]),
            models.CheckConstraint(name="range_applied_after_planning", condition=Q(applied_at=None) | Q(planned_at__isnull=False)),
        ]

    @property
    def places(self) -> Range:
        """The locations that it is about."""
        return Range(self.first_partner, self.last_partner, self.first_location, self.last_location)


class RolloverLine(models.Model):
    """The verdict on one enrollment, with its reason.

    `was` says what it was in the plan before, as `verdict:reason`, or NEW; it is empty where nothing changed.
    """

    NEW = "new"

    class Verdict(models.TextChoices):
        CONTINUE = "continue", _("Carried over")
        HOLD = "hold", _("Carried over, something is missing")
        END = "end", _("Ends")

    plan = models.ForeignKey(RolloverPlan, models.CASCADE, related_name="lines", db_index=False)
    enrollment = models.ForeignKey(Enrollment, models.CASCADE, related_name="+", db_index=False)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    reason = models.CharField(max_length=20, blank=True)
    was = models.CharField(max_length=31, blank=True)

    class Meta:
        verbose_name = _("line of a rollover plan")
        verbose_name_plural = _("lines of a rollover plan")
        constraints = [models.UniqueConstraint(name="line_once", fields=["enrollment", "plan"])]
        # The pages of a plan: its lines of one verdict and reason, in their order.
        indexes = [
            models.Index(fields=["plan", "verdict", "reason", "id"], name="lines_by_verdict"),
            models.Index(F("plan"), F("id"), name="lines_that_changed", condition=~Q(was="")),
        ]
