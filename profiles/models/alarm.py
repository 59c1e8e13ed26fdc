import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Partner
from incentives_portal.core.clock import DatabaseNow

from .payout import PayoutProfile, PayoutProfileVersion


class BankAlarm(models.Model):
    """Somebody said of a change of bank details that it wasn't them (rule PAY-5); the profile is frozen until it is settled.

    One for each version: whoever says it second changes nothing, and once settled the mail's link raises none anew.
    `raised_by` is whom the mail went to. A reviewer settles it: the change was genuine, or the version before comes back.
    """

    class Outcome(models.TextChoices):
        OPEN = "", _("Being looked into")
        GENUINE = "genuine", _("The change was genuine")
        TAKEN_BACK = "taken_back", _("The change was taken back")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+")
    profile = models.ForeignKey(PayoutProfile, models.PROTECT, related_name="alarms")
    version = models.OneToOneField(PayoutProfileVersion, models.PROTECT, related_name="alarm")
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    raised_at = models.DateTimeField(db_default=DatabaseNow())
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.OPEN, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)
    note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("report of a bank change")
        verbose_name_plural = _("reports of bank changes")
        constraints = [
            models.UniqueConstraint(name="bank_alarm_one_open", fields=["profile"], condition=Q(outcome="")),
            models.CheckConstraint(
                name="bank_alarm_settled_at_a_time",
                condition=Q(outcome="", settled_at=None) | ~Q(outcome="") & Q(settled_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.profile.name
