from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incentives_portal.core.clock import DatabaseNow

from .programs import Program


class RequirementDraft(models.Model):
    """Requirements of a program as program managers are writing them, in force for nobody (rule ELI-1).

    `groups` is the JSON of `enrollment.requirements.as_json`, half-filled items included. `revision` counts the times that it
    was saved: who saves on top of another revision than they saw overwrites nobody unknowingly. `trial` is what the draft
    would do to the real partner base, as tried at `tried_revision`; only what was tried can be published.
    """

    program = models.OneToOneField(Program, models.CASCADE, related_name="draft", primary_key=True)
    groups = models.JSONField(default=list)
    open_to_all = models.BooleanField(default=False)
    revision = models.PositiveIntegerField(default=1)
    based_on = models.PositiveIntegerField()
    changed_at = models.DateTimeField(db_default=DatabaseNow())
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    trial = models.JSONField(null=True)
    tried_at = models.DateTimeField(null=True)
    tried_revision = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name = _("draft of requirements")
        verbose_name_plural = _("drafts of requirements")
        constraints = [
            models.CheckConstraint(
                name="draft_tried_is_whole",
                condition=Q(trial__isnull=True, tried_at=None, tried_revision=None)
                | Q(trial__isnull=False, tried_at__isnull=False, tried_revision__isnull=False),
            ),
        ]

    @property
    def is_tried(self) -> bool:
        """Whether the trial is of what the draft says now."""
        return self.tried_revision == self.revision
