import json
import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from accounts.models import Partner
from accounts.policy import Scope
from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.secrets import EncryptedTextField


class PaymentMethod(models.TextChoices):
    BANK_TRANSFER = "bank_transfer", _("Bank transfer")
    CREDIT_NOTE = "credit_note", _("Credit note")


class PayoutProfile(models.Model):
    """Where a partner is paid (rule PAY-1); reusable across locations and programs, archived and never deleted.

    What is paid to stands in its versions. `latest` is the version that people see and edit; which version is in force
    for a paying entity is the newest approved one. `took_place_at`: when it last took the place of another account at a
    submitted enrollment (rule PAY-5).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="payout_profiles")
    name = models.CharField(_("profile name"), max_length=100)
    latest = models.OneToOneField("PayoutProfileVersion", models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=DatabaseNow())
    archived_at = models.DateTimeField(null=True)
    frozen_at = models.DateTimeField(null=True)
    took_place_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("payout profile")
        verbose_name_plural = _("payout profiles")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(name="payout_name_once", fields=["partner", "name"], condition=Q(archived_at=None)),
            models.UniqueConstraint(name="payout_profile_of_partner", fields=["id", "partner"]),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scope(self) -> Scope:
        return Scope(self.partner_id)


class PayoutProfileVersion(models.Model):
    """What a payout profile said at one time. Never changed; a material change makes the next one (rule PAY-4).

    `identifiers` is an encrypted JSON object, e.g. `{"iban": "SE45…", "bic": "ESSESESS"}`; `shown` its masked form,
    e.g. `{"iban": "•••• 3211"}`, which is all that a list or a log may hold; `fingerprint` finds the same account
    elsewhere (rule VAL-6) without anybody reading it. `taken_back_by`: the report because of which it counts no more, and
    never will again (rule PAY-5).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    profile = models.ForeignKey(PayoutProfile, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    payment_method = models.CharField(_("payment method"), max_length=20, choices=PaymentMethod.choices)
    bank_country = CountryField(_("country of the bank"))
    account_holder = models.CharField(_("account holder"), max_length=140)
    identifiers = EncryptedTextField(null=True)
    shown = models.JSONField(default=dict)
    fingerprint = models.BinaryField(max_length=32, null=True)
    bank_name = models.CharField(_("bank"), max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=DatabaseNow())
    taken_back_by = models.ForeignKey("BankAlarm", models.PROTECT, null=True, related_name="took_back")

    class Meta:
        verbose_name = _("version of a payout profile")
        verbose_name_plural = _("versions of payout profiles")
        constraints = [
            models.UniqueConstraint(name="payout_version_once", fields=["profile", "number"]),
            models.CheckConstraint(name="payout_version_from_one", condition=Q(number__gte=1)),
            models.CheckConstraint(
                name="bank_transfer_has_an_account",
                condition=~Q(payment_method="bank_transfer") | Q(identifiers__isnull=False, fingerprint__isnull=False),
            ),
        ]
        # The same account at another partner.
        indexes = [models.Index(F("fingerprint"), name="payout_fingerprint", condition=Q(fingerprint__isnull=False))]

    def read_identifiers(self) -> dict[str, str]:
        """The identifiers in clear, by kind.

        For checks, fingerprints, what stays as it is when the rest is changed, and the page that reveals them (rule PAY-3).
        """
        return json.loads(self.identifiers.reveal()) if self.identifiers is not None else {}
