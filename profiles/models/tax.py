import json
import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from accounts.models import Location, Partner
from accounts.policy import Scope
from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.secrets import EncryptedTextField


class TaxClassification(models.TextChoices):
    COMPANY = "company", _("Company")
    PARTNERSHIP = "partnership", _("Partnership")
    SOLE_TRADER = "sole_trader", _("Sole trader")
    NON_PROFIT = "non_profit", _("Non-profit organization")
    PUBLIC_BODY = "public_body", _("Public body")


class FormKind(models.TextChoices):
    W9 = "W-9", "W-9"
    W8BEN = "W-8BEN", "W-8BEN"
    W8BENE = "W-8BEN-E", "W-8BEN-E"
    W8ECI = "W-8ECI", "W-8ECI"
    W8EXP = "W-8EXP", "W-8EXP"
    W8IMY = "W-8IMY", "W-8IMY"
    LOCAL = "local", _("Local form")


class TaxProfile(models.Model):
    """How one location is taxed (rule TAX-1). What it says stands in its versions, as for payout profiles."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="tax_profiles")
    location = models.ForeignKey(Location, models.PROTECT, related_name="tax_profiles", verbose_name=_("location"))
    name = models.CharField(_("profile name"), max_length=100)
    latest = models.OneToOneField("TaxProfileVersion", models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=DatabaseNow())
    archived_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("tax profile")
        verbose_name_plural = _("tax profiles")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(name="tax_name_once", fields=["location", "name"], condition=Q(archived_at=None)),
            models.UniqueConstraint(name="tax_profile_of_location", fields=["id", "location"]),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scope(self) -> Scope:
        return Scope(self.partner_id, self.location_id)


class TaxProfileVersion(models.Model):
    """What a tax profile said at one time. Never changed; a material change makes the next one.

    `identifiers`, `shown` and `fingerprint` are as in PayoutProfileVersion, e.g. `{"vat": …, "orgnr": …}`.
    `expires_on` is the last day that its form is good for.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    profile = models.ForeignKey(TaxProfile, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    legal_name = models.CharField(_("legal name"), max_length=200)
    street = models.CharField(_("street address"), max_length=200)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100)
    country = CountryField(_("country of tax residence"))
    classification = models.CharField(_("tax classification"), max_length=20, choices=TaxClassification.choices)
    form_kind = models.CharField(_("form"), max_length=10, choices=FormKind.choices)
    identifiers = EncryptedTextField()
    shown = models.JSONField(default=dict)
    fingerprint = models.BinaryField(max_length=32)
    expires_on = models.DateField(_("expires on"), null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=DatabaseNow())

    class Meta:
        verbose_name = _("version of a tax profile")
        verbose_name_plural = _("versions of tax profiles")
        constraints = [
            models.UniqueConstraint(name="tax_version_once", fields=["profile", "number"]),
            models.CheckConstraint(name="tax_version_from_one", condition=Q(number__gte=1)),
        ]
        # The same tax number at another partner.
        indexes = [models.Index(F("fingerprint"), name="tax_fingerprint")]

    def read_identifiers(self) -> dict[str, str]:
        """The identifiers in clear, by kind: for checks, fingerprints, and what stays as it is when the rest is changed."""
        return json.loads(self.identifiers.reveal())  # type: ignore[no-any-return]
