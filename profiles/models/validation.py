import datetime as dt
import uuid
from typing import Literal

from django.conf import settings
from django.db import models
from django.db.models import ExpressionWrapper, F, Q
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from accounts.models import Partner
from incentives_portal.core.clock import DatabaseNow

from .payout import PayoutProfile, PayoutProfileVersion
from .tax import TaxProfile, TaxProfileVersion

UNDECIDED = Q(decision="")
Kind = Literal["payout", "tax"]
VALIDATION_TIME = dt.timedelta(hours=48)


class Validation(models.Model):
    """The operator verifies one version of one profile for one paying entity (rules VAL-1…6).

    It is due 48 hours after the submission by the database's clock, decided once, and a decision holds for the version
    that was reviewed. `decided_by` is empty where the automatic checks decided.
    """

    class Decision(models.TextChoices):
        OPEN = "", _("Undecided")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        SUPERSEDED = "superseded", _("Superseded by a newer version")
        TAKEN_BACK = "taken_back", _("The change was taken back")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+")
    payout_version = models.ForeignKey(PayoutProfileVersion, models.PROTECT, null=True, related_name="validations")
    tax_version = models.ForeignKey(TaxProfileVersion, models.PROTECT, null=True, related_name="validations")
    paying_entity = models.CharField(_("paying entity"), max_length=200)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    submitted_at = models.DateTimeField(db_default=DatabaseNow())
    due_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)
    overdue_since = models.DateTimeField(null=True)
    claimed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    claimed_until = models.DateTimeField(null=True)
    # A provider is being asked: whose answer counts, until when, how often it was asked, and when next.
    ask_token = models.UUIDField(null=True)
    asked_until = models.DateTimeField(null=True)
    ask_after = models.DateTimeField(null=True)
    ask_attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    first_approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    first_approved_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=10, choices=Decision.choices, default=Decision.OPEN, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("validation")
        verbose_name_plural = _("validations")
        constraints = [
            models.CheckConstraint(
                name="validation_of_one_version",
                condition=Q(payout_version__isnull=False, tax_version=None) | Q(payout_version=None, tax_version__isnull=False),
            ),
            models.UniqueConstraint(name="validation_payout_once", fields=["payout_version", "paying_entity"]),
            models.UniqueConstraint(name="validation_tax_once", fields=["tax_version", "paying_entity"]),
            models.CheckConstraint(
                name="validation_decided_at_a_time",
                condition=Q(decision="", decided_at=None) | ~Q(decision="") & Q(decided_at__isnull=False),
            ),
            # Elapsed time. A moment plus an interval is another thing: PostgreSQL makes two days of 48 hours, and those are 47
            # or 49 where a session's time zone changes to summer time and back, as where a dump is restored.
            models.CheckConstraint(
                name="validation_due_in_48_hours",
                condition=Exact(ExpressionWrapper(F("due_at") - F("submitted_at"), models.DurationField()), VALIDATION_TIME),
            ),
            # Nobody decides on their own request.
            models.CheckConstraint(
                name="validation_not_by_submitter",
                condition=Q(decided_by=None) | Q(submitted_by=None) | ~Q(decided_by=F("submitted_by")),
            ),
            # The two who approve are two.
            models.CheckConstraint(
                name="validation_second_is_another",
                condition=Q(first_approved_by=None) | ~Q(decision="approved") | ~Q(decided_by=F("first_approved_by")),
            ),
            models.CheckConstraint(
                name="validation_first_not_by_submitter",
                condition=Q(first_approved_by=None) | Q(submitted_by=None) | ~Q(first_approved_by=F("submitted_by")),
            ),
        ]
        indexes = [
            # The reviewers' queue; what a rollover starts is all due at the same moment.
            models.Index(F("due_at"), F("id"), name="validation_open", condition=UNDECIDED),
            # The sweep of automatic checks, which doesn't walk past all that waits for a reviewer.
            models.Index(F("due_at"), F("partner"), F("id"), name="validation_unchecked", condition=UNDECIDED & Q(checked_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.version.profile.name} · {self.paying_entity}"

    @property
    def version(self) -> PayoutProfileVersion | TaxProfileVersion:
        """The version that is reviewed."""
        version = self.payout_version or self.tax_version
        assert version is not None
        return version

    @property
    def profile(self) -> PayoutProfile | TaxProfile:
        return self.version.profile

    @property
    def profile_id(self) -> uuid.UUID:
        return self.version.profile_id

    @property
    def kind(self) -> Kind:
        return "payout" if self.payout_version_id else "tax"


class ValidationReason(models.Model):
    """Why a field was rejected (rule VAL-3): a code of `profiles.reasons`, whose texts exist in both languages."""

    validation = models.ForeignKey(Validation, models.CASCADE, related_name="reasons")
    field = models.CharField(max_length=40)
    code = models.CharField(max_length=40)
    note = models.CharField(_("note to the partner"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("reason of a rejection")
        verbose_name_plural = _("reasons of a rejection")
        constraints = [models.UniqueConstraint(name="reason_once_per_field", fields=["validation", "field"])]


class ValidationCheck(models.Model):
    """What one automatic check found (rule VAL-2); the evidence beside a validation. Holds no secret."""

    class Outcome(models.TextChoices):
        PASSED = "passed", _("Passed")
        FLAGGED = "flagged", _("Flagged")
        FAILED = "failed", _("Failed")

    validation = models.ForeignKey(Validation, models.CASCADE, related_name="checks")
    code = models.CharField(max_length=40)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    field = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = _("check of a validation")
        verbose_name_plural = _("checks of a validation")
        constraints = [models.UniqueConstraint(name="check_once", fields=["validation", "code", "field"])]
