import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Partner
from incentives_portal.core.clock import DatabaseNow


class SavedView(models.Model):
    """A look at the overview that somebody wants to come back to: the query string of its address, under a name.

    Its owner alone changes it. Shared, everybody of the partner reads it, each within what they may see; `partner` is empty
    for the operator's people, who keep theirs to themselves. One of them may be what its owner's overview begins with.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    partner = models.ForeignKey(Partner, models.CASCADE, null=True, related_name="+")
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=400, blank=True)
    is_shared = models.BooleanField(_("shared"), default=False)
    is_default = models.BooleanField(_("what the overview begins with"), default=False)
    created_at = models.DateTimeField(db_default=DatabaseNow())

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(name="view_name_once", fields=["owner", "partner", "name"], nulls_distinct=False),
            models.UniqueConstraint(
                name="view_one_default", fields=["owner", "partner"], condition=Q(is_default=True), nulls_distinct=False
            ),
            models.CheckConstraint(name="view_shared_within_a_partner", condition=Q(is_shared=False) | Q(partner__isnull=False)),
        ]
        indexes = [models.Index(fields=["partner"], name="views_shared", condition=Q(is_shared=True))]

    def __str__(self) -> str:
        return self.name
