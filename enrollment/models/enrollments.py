import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Location, Partner
from accounts.policy import Scope
from enrollment.status import STATUS_CHOICES, Status
from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.fiscal import FiscalYear
from profiles.models import PayoutProfile, TaxProfile

from .programs import Program


class EndReason(models.TextChoices):
    """Why an enrollment came to its end."""

    WITHDRAWN = "withdrawn", _("The invitation was withdrawn")
    YEAR_ENDED = "year_ended", _("The fiscal year ended")
    NOT_ELIGIBLE = "not_eligible", _("The location was not eligible for the next fiscal year")
    NOT_OFFERED = "not_offered", _("The program is not offered in the next fiscal year")
    INCOMPLETE = "incomplete", _("Payout or tax information was not complete at the end of the fiscal year")
    PGA_HISTORY = "pga_history", _("Enrollments of a Partner Global Account are history")


class Enrollment(models.Model):
    """One program × one location × one fiscal year. The columns are facts; the status is derived from them.

    A row stands for every location and every program that is offered, invited or not, so that *why not* can be shown.
    `status`, `reason`, `requirements` and `derive_again_at` are written by `enrollment.derivation` alone: what
    `enrollment.status.derive` says of the facts. `location` is empty only for the history of a Partner Global Account.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Rows come by the hundred thousand, twice a night in July: no index that another begins like or nobody asks, and no foreign key
    # that another implies (location, payout and tax profile are of the same partner by constraints of the database's own).
    partner = models.ForeignKey(Partner, models.PROTECT, db_index=False, related_name="enrollments")
    location = models.ForeignKey(
        Location, models.PROTECT, null=True, db_index=False, db_constraint=False, related_name="enrollments"
    )
    program = models.ForeignKey(Program, models.PROTECT, db_index=False, related_name="enrollments")
    fiscal_year = models.PositiveSmallIntegerField(_("fiscal year"))

    # Facts
    invited_at = models.DateTimeField(null=True)
    respond_by = models.DateField(null=True)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, db_index=False, related_name="+")
    declined_at = models.DateTimeField(null=True)
    declined_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, db_index=False, related_name="+")
    payout_profile = models.ForeignKey(PayoutProfile, models.PROTECT, null=True, db_constraint=False, related_name="enrollments")
    tax_profile = models.ForeignKey(TaxProfile, models.PROTECT, null=True, db_constraint=False, related_name="enrollments")
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, db_index=False, related_name="+")
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=20, choices=EndReason.choices, blank=True)
    continued_from = models.OneToOneField("self", models.PROTECT, null=True, related_name="continued_in")

    # Derived; one writer
    status = models.CharField(_("status"), max_length=20, choices=STATUS_CHOICES, default=Status.INACTIVE.value)
    reason = models.CharField(max_length=20, blank=True)
    requirements = models.JSONField(default=list)
    derive_again_at = models.DateTimeField(null=True)
    status_since = models.DateTimeField(db_default=DatabaseNow())

    class Meta:
        verbose_name = _("enrollment")
        verbose_name_plural = _("enrollments")
        constraints = [
            models.UniqueConstraint(
                name="enrollment_once", fields=["location", "program", "fiscal_year"], condition=Q(location__isnull=False)
            ),
            models.UniqueConstraint(
                name="pga_enrollment_once", fields=["program", "partner", "fiscal_year"], condition=Q(location=None)
            ),
            # At most one live enrollment of a location in a program.
            models.UniqueConstraint(
                name="enrollment_one_live",
                fields=["location", "program"],
                condition=Q(invited_at__isnull=False, declined_at=None, ended_at=None),
            ),
            models.CheckConstraint(name="enrollment_year", condition=Q(fiscal_year__range=(2000, 2999))),
            models.CheckConstraint(name="accepted_after_invited", condition=Q(accepted_at=None) | Q(invited_at__isnull=False)),
            models.CheckConstraint(name="accepted_or_declined", condition=Q(accepted_at=None) | Q(declined_at=None)),
            models.CheckConstraint(name="declined_after_invited", condition=Q(declined_at=None) | Q(invited_at__isnull=False)),
            models.CheckConstraint(
                name="submitted_is_complete",
                condition=Q(submitted_at=None)
                | Q(accepted_at__isnull=False, payout_profile__isnull=False, tax_profile__isnull=False) & ~Q(currency=""),
            ),
            # What has no location has no tax profile: a key of two columns says nothing of a row where one of them is empty.
            models.CheckConstraint(name="tax_profile_needs_location", condition=Q(tax_profile=None) | Q(location__isnull=False)),
            models.CheckConstraint(
                name="ended_says_why", condition=Q(ended_at=None, end_reason="") | Q(ended_at__isnull=False) & ~Q(end_reason="")
            ),
            models.CheckConstraint(
                name="continued_has_no_invitation_wait", condition=Q(continued_from=None) | Q(accepted_at__isnull=False)
            ),
            # The derived status can't contradict the facts, whoever writes it.
            models.CheckConstraint(
                name="status_invited_fits",
                condition=~Q(status="invited") | Q(invited_at__isnull=False, accepted_at=None, declined_at=None, ended_at=None),
            ),
            models.CheckConstraint(
                name="status_action_fits", condition=~Q(status="action_required") | Q(accepted_at__isnull=False, ended_at=None)
            ),
            models.CheckConstraint(
                name="status_submitted_fits",
                condition=~Q(status__in=["validating", "enrolled"]) | Q(submitted_at__isnull=False, ended_at=None),
            ),
        ]
        indexes = [
            # The overview of a partner: one fiscal year, any filter on top.
            models.Index(fields=["partner", "fiscal_year", "status"], name="enrollment_overview"),
            # The pages of a program. New rows of it come one after the other, so it costs a rollover little.
            models.Index(fields=["program", "fiscal_year"], name="enrollment_of_program"),
            # Derivation when time alone changes the status, and when a profile changes.
            models.Index(F("derive_again_at"), name="enrollment_derive_again", condition=Q(derive_again_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.program.code} {self.year} {self.location.mpn_id if self.location else self.partner.pga_id}"

    @property
    def year(self) -> FiscalYear:
        return FiscalYear(self.fiscal_year)

    @property
    def scope(self) -> Scope:
        return Scope(self.partner_id, self.location_id, self.program.code)


class StatusChange(models.Model):
    """Every change of an enrollment's status, with who or what caused it (rule STA-2)."""

    enrollment = models.ForeignKey(Enrollment, models.CASCADE, db_index=False, related_name="changes")
    at = models.DateTimeField(db_default=DatabaseNow())
    before = models.CharField(max_length=20, choices=STATUS_CHOICES, blank=True)
    after = models.CharField(max_length=20, choices=STATUS_CHOICES)
    reason = models.CharField(max_length=20, blank=True)
    cause = models.CharField(max_length=40)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, db_index=False, related_name="+")

    class Meta:
        verbose_name = _("change of status")
        verbose_name_plural = _("changes of status")
        indexes = [models.Index(fields=["enrollment", "id"], name="status_timeline")]
