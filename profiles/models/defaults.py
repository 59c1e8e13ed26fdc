from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Location, Partner

from .payout import PayoutProfile


class DefaultBankProfile(models.Model):
    """The payout profile and currency that a location's next enrollment starts with (rule PAY-2); one per location."""

    location = models.OneToOneField(Location, models.CASCADE, related_name="default_bank_profile")
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="+")
    payout_profile = models.ForeignKey(PayoutProfile, models.PROTECT, related_name="defaults")
    currency = models.CharField(_("currency"), max_length=3)

    class Meta:
        verbose_name = _("default bank profile")
        verbose_name_plural = _("default bank profiles")
