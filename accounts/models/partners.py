import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField


class Partner(models.Model):
    """A company enrolled as partner. Its top account is the Partner Global Account (PGA)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    pga_id = models.CharField(_("PGA ID"), max_length=20, unique=True)
    legal_name = models.CharField(_("legal name"), max_length=200)
    country = CountryField(_("country"))
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    membership_migrated_on = models.DateField(_("membership migrated on"), null=True, blank=True)
    contact_email = models.EmailField(_("contact e-mail"), blank=True)

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        ordering = ["legal_name"]

    def __str__(self) -> str:
        return self.legal_name


class Location(models.Model):
    """A place of business of a partner. Only locations enroll and are paid.

    `mpn_id` is the *Partner ID* of the screens under its older name, because `partner_id` is the key of the partner.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    mpn_id = models.CharField(_("Partner ID"), max_length=20, unique=True)
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="locations", verbose_name=_("partner"))
    name = models.CharField(_("name"), max_length=200)
    city = models.CharField(_("city"), max_length=100)
    country = CountryField(_("country"))
    membership_active = models.BooleanField(_("membership active"), default=False)

    class Meta:
        verbose_name = _("location")
        verbose_name_plural = _("locations")
        ordering = ["name", "mpn_id"]
        # The pair is what other tables' composite foreign keys point at, so that no row can join two partners.
        constraints = [models.UniqueConstraint(name="location_of_partner", fields=["id", "partner"])]

    def __str__(self) -> str:
        return f"{self.name} ({self.mpn_id})"
