from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from incentives_portal.core.clock import DatabaseNow


class Run(models.Model):
    """One run of a command or of a scheduled job (rule OPS-1): arguments, who, outcome."""

    class Outcome(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")
        FAILED = "failed", _("Failed")
        STOPPED = "stopped", _("Interrupted")

    id = models.BigAutoField(primary_key=True)
    command = models.CharField(max_length=60)
    arguments = models.JSONField(default=dict)
    started_by = models.CharField(max_length=200)
    started_at = models.DateTimeField(db_default=DatabaseNow())
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.RUNNING)
    result = models.JSONField(null=True)

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        constraints = [
            models.CheckConstraint(
                name="run_finished_has_outcome",
                condition=models.Q(outcome="running", finished_at=None)
                | ~models.Q(outcome="running") & models.Q(finished_at__isnull=False),
            )
        ]
        indexes = [models.Index(fields=["command", "-id"], name="runs_of_a_command")]

    def __str__(self) -> str:
        return f"{self.command}, {date_format(timezone.localtime(self.started_at), 'DATETIME_FORMAT')}"
