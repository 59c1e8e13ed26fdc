from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from incentives_portal.core.clock import DatabaseNow


class FormerAddress(models.Model):
    """An address that a person had (rule PAY-5): who takes an account over changes its address first, so alarms go there, too.

    A trigger of the database writes these rows, whatever changes the address.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="former_addresses")
    email = models.EmailField(_("e-mail address"))
    until = models.DateTimeField(db_default=DatabaseNow())

    class Meta:
        verbose_name = _("former address")
        verbose_name_plural = _("former addresses")
