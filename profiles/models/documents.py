import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Partner
from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.secrets import EncryptedTextField

from .tax import TaxProfile


class TaxDocument(models.Model):
    """A document of a tax profile (rule TAX-1), such as a signed W-8. What it holds stands in its own row, encrypted.

    It is kept in the database and in no folder: nothing that serves files can serve it, a dump holds it, and a rotation of
    keys reaches it. `removed_at`: the partner took it away; reviewers of an earlier version still see that it was there.
    """

    class Kind(models.TextChoices):
        PDF = "application/pdf", "PDF"
        PNG = "image/png", "PNG"
        JPEG = "image/jpeg", "JPEG"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+")
    profile = models.ForeignKey(TaxProfile, models.PROTECT, related_name="documents")
    name = models.CharField(_("file name"), max_length=120)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    size = models.PositiveIntegerField()
    pages = models.PositiveIntegerField(default=1)
    digest = models.BinaryField(max_length=32)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    uploaded_at = models.DateTimeField(db_default=DatabaseNow())
    removed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("tax document")
        verbose_name_plural = _("tax documents")
        ordering = ["uploaded_at", "pk"]
        constraints = [
            # The same file twice, as a double click sends it, is one document.
            models.UniqueConstraint(name="tax_document_once", fields=["profile", "digest"], condition=models.Q(removed_at=None)),
        ]

    def __str__(self) -> str:
        return self.name


class TaxDocumentContent(models.Model):
    """The bytes of a document, in base64, encrypted and bound to this row."""

    document = models.OneToOneField(TaxDocument, models.CASCADE, primary_key=True, related_name="stored")
    content = EncryptedTextField()

    class Meta:
        verbose_name = _("content of a tax document")
        verbose_name_plural = _("contents of tax documents")
