from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from incentives_portal.core import request_ids
from incentives_portal.core.clock import DatabaseNow


class AuditEntry(models.Model):
    """One security- or money-relevant act (rule OPS-3). Append-only: the database refuses UPDATE, DELETE and TRUNCATE.

    There are no foreign keys, so an entry outlives what it speaks of. `before` and `after` hold masked values only.
    """

    append_only: ClassVar[bool] = True  # what the grants of the portal's role read (core/database_roles.py)

    class ActorKind(models.TextChoices):
        PERSON = "person", _("Person")
        DIRECTORY = "directory", _("Directory")
        COMMAND = "command", _("Command")
        SYSTEM = "system", _("System")

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=DatabaseNow())
    actor_kind = models.CharField(max_length=10, choices=ActorKind.choices)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=200)
    partner_id = models.UUIDField(null=True)
    act = models.CharField(max_length=60)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=60)
    object_name = models.CharField(max_length=300, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    request_id = models.UUIDField(default=request_ids.current)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        # A partner's admins read their own part, newest first.
        indexes = [models.Index(fields=["partner_id", "-id"], name="audit_of_a_partner")]

    def __str__(self) -> str:
        """What was done, as the audit log words it."""
        from incentives_portal.core.audit_wording import Words  # the words of all floors, which this one doesn't know

        return Words([self]).sentence(self)
