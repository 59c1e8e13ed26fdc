import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.roles import PartnerRole
from incentives_portal.core.clock import DatabaseNow

from .partners import Partner


class TeamInvitation(models.Model):
    """An offer to join a partner (rule ACC-5): one use, bound to the address, the token stored hashed, seven days."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="team_invitations")
    email = models.EmailField(_("e-mail address"))
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    role = models.CharField(_("role"), max_length=20, choices=PartnerRole.choices)
    entire_organization = models.BooleanField(_("entire organization"), default=False)
    location_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    token_hash = models.BinaryField(max_length=32, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=DatabaseNow())
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("team invitation")
        verbose_name_plural = _("team invitations")
        constraints = [
            models.CheckConstraint(name="team_invitation_one_end", condition=Q(accepted_at=None) | Q(withdrawn_at=None)),
            models.CheckConstraint(
                name="team_invitation_address_in_lower_case", condition=Q(email=models.functions.Lower("email"))
            ),
        ]
