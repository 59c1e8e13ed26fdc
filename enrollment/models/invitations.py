import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from incentives_portal.core.clock import DatabaseNow

from .enrollments import Enrollment
from .waves import InvitationWave


class Invitation(models.Model):
    """The operator's offer to enroll (rules INV-1…3). `announced` ones are told by mail and notice, *open to all* aren't."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    enrollment = models.ForeignKey(Enrollment, models.CASCADE, related_name="invitations")
    issued_at = models.DateTimeField(db_default=DatabaseNow())
    respond_by = models.DateField(null=True)
    announced = models.BooleanField(default=True)
    withdrawn_at = models.DateTimeField(null=True)
    wave = models.ForeignKey(InvitationWave, models.SET_NULL, null=True, related_name="invitations")
    # When it went to somebody else because nobody had opened it, or every mail was refused (rule INV-7).
    passed_on_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(name="one_invitation_at_a_time", fields=["enrollment"], condition=Q(withdrawn_at=None)),
        ]


class Notice(models.Model):
    """Something that one person is told on their home page (rules INV-1, INV-4, ACC-2). Opening it dismisses it for them."""

    class Kind(models.TextChoices):
        INVITATION = "invitation", _("Invitation")
        ASSIGN_ADMIN = "assign_admin", _("Incentives admin missing")
        REJECTED = "rejected", _("Validation rejected")
        ENROLLED = "enrolled", _("Enrolled")
        REMINDER = "reminder", _("Reminder")
        NOT_CONTINUED = "not_continued", _("Not continued")
        HELD = "held", _("Continued, something is missing")
        UNANSWERED = "unanswered", _("Nobody has opened an invitation")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    enrollment = models.ForeignKey(Enrollment, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    created_at = models.DateTimeField(db_default=DatabaseNow())
    opened_at = models.DateTimeField(null=True)
    # When the person first followed the mail's link to the enrollment; that dismisses nothing (rule INV-4).
    followed_at = models.DateTimeField(null=True)
    key = models.CharField(max_length=200, unique=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        # The home page: what this person has not opened yet.
        indexes = [models.Index(F("user"), F("created_at").desc(), name="notices_unopened", condition=Q(opened_at=None))]
