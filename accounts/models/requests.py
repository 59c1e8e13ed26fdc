import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.roles import PartnerRole
from incentives_portal.core.clock import DatabaseNow

from .partners import Partner
from .roles import Membership


class RoleRequest(models.Model):
    """A member asks for a role, and an admin who can grant it answers (rule ACC-7). One open at a time per member and role."""

    class Answer(models.TextChoices):
        GRANTED = "granted", _("Request granted")
        DECLINED = "declined", _("Request declined")
        WITHDRAWN = "withdrawn", _("Request withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    membership = models.ForeignKey(Membership, models.CASCADE, related_name="role_requests", verbose_name=_("member"))
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+", verbose_name=_("partner"))
    role = models.CharField(_("role"), max_length=20, choices=PartnerRole.choices)
    entire_organization = models.BooleanField(_("entire organization"), default=False)
    location_ids = ArrayField(models.UUIDField(), default=list, blank=True, verbose_name=_("locations"))
    program_code = models.CharField(_("program"), max_length=20, blank=True)
    words = models.TextField(_("words"), max_length=1000, blank=True)
    asked_at = models.DateTimeField(_("asked"), db_default=DatabaseNow())
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=10, choices=Answer.choices, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("answered by")
    )

    class Meta:
        verbose_name = _("role request")
        verbose_name_plural = _("role requests")
        constraints = [
            models.UniqueConstraint(name="role_request_open_once", fields=["membership", "role"], condition=Q(answered_at=None)),
            models.CheckConstraint(
                name="role_request_answered_or_open",
                condition=Q(answered_at=None, answer="") | (Q(answered_at__isnull=False) & ~Q(answer="")),
            ),
        ]
        # The open requests of a partner, on its people page.
        indexes = [models.Index(fields=["partner"], name="role_request_open", condition=Q(answered_at=None))]

    def __str__(self) -> str:
        return self.get_role_display()
