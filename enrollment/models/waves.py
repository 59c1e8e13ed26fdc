import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from incentives_portal.core.clock import DatabaseNow

from .programs import Program


class InvitationWave(models.Model):
    """Invitations that a program manager sends together: which programs and countries, and how many at most.

    While a wave isn't over, its programs are invited by it alone, so pausing it holds them. `invited` is counted in the
    transaction of the invitations, so it can't be passed by whoever dies in between.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    OPEN = (State.PLANNED, State.RUNNING, State.PAUSED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=80)
    programs = models.ManyToManyField(Program, related_name="waves", verbose_name=_("programs"))
    countries = ArrayField(models.CharField(max_length=2), default=list, blank=True, verbose_name=_("countries"))
    at_most = models.PositiveIntegerField(_("at most"), null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    invited = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=DatabaseNow())
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("wave of invitations")
        verbose_name_plural = _("waves of invitations")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(name="wave_within_its_limit", condition=Q(at_most=None) | Q(invited__lte=F("at_most"))),
            models.CheckConstraint(name="wave_limit_is_some", condition=Q(at_most=None) | Q(at_most__gt=0)),
            models.CheckConstraint(
                name="wave_over_has_a_time",
                condition=Q(state__in=["done", "cancelled"], finished_at__isnull=False)
                | ~Q(state__in=["done", "cancelled"]) & Q(finished_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_over(self) -> bool:
        return self.state not in self.OPEN
