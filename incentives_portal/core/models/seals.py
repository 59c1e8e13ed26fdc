import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from incentives_portal.core.secrets import EncryptedTextField


class AuditSeal(models.Model):
    """An audit entry's place in the one chain, and the digest that ties it to all places before it (rule OPS-3).

    Append-only, and without a foreign key: a seal outlives an entry that somebody removed, which is how that is noticed. The
    database takes the next places only, each for an entry that waits for one.
    """

    append_only: ClassVar[bool] = True  # what the grants of the portal's role read

    sequence = models.BigIntegerField(primary_key=True)
    entry_id = models.BigIntegerField(unique=True)
    digest = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = _("audit seal")
        verbose_name_plural = _("audit seals")
        constraints = [models.CheckConstraint(name="audit_seal_from_one", condition=models.Q(sequence__gte=1))]


class AuditPending(models.Model):
    """An audit entry that waits for its seal. A trigger writes it with the entry; only a seal takes it away."""

    # Rows come and go by triggers, which have their owner's rights; a row of no entry would stop the sealing.
    read_only: ClassVar[bool] = True

    entry_id = models.BigIntegerField(primary_key=True)

    class Meta:
        verbose_name = _("unsealed audit entry")
        verbose_name_plural = _("unsealed audit entries")


class AuditKey(models.Model):
    """The one key under which seals are computed, encrypted as bank numbers are: who owns the database can't read it.

    A key of its own, and not one of the settings: those are changed now and then, and a digest of long ago is to be checked
    for ever. Made with the first seal, re-encrypted with every other secret, and never deleted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    only = models.BooleanField(default=True, unique=True)
    key = EncryptedTextField()

    class Meta:
        verbose_name = _("key of the audit chain")
        verbose_name_plural = _("key of the audit chain")
        constraints = [models.CheckConstraint(name="audit_key_is_one", condition=models.Q(only=True))]
