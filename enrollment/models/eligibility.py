from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Location, Partner
from incentives_portal.core.clock import DatabaseNow

from .programs import Program


class Agreement(models.Model):
    """A signed agreement. Without a location it holds for the whole partner; `ends_on` is the last day in force."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="agreements")
    location = models.ForeignKey(Location, models.CASCADE, null=True, related_name="agreements")
    agreement = models.CharField(_("agreement"), max_length=60)
    signed_on = models.DateField(_("signed on"))
    ends_on = models.DateField(_("last day in force"), null=True)

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        constraints = [
            models.UniqueConstraint(
                name="agreement_once", fields=["partner", "location", "agreement", "signed_on"], nulls_distinct=False
            ),
            models.CheckConstraint(
                name="agreement_ends_after_it_starts", condition=Q(ends_on=None) | Q(ends_on__gte=F("signed_on"))
            ),
        ]


class Designation(models.Model):
    """A designation awarded to a location at a level; `expires_on` is the last day that it holds."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="designations")
    location = models.ForeignKey(Location, models.CASCADE, related_name="designations")
    designation = models.CharField(_("designation"), max_length=60)
    level = models.CharField(_("level"), max_length=40)
    awarded_on = models.DateField(_("awarded on"))
    expires_on = models.DateField(_("last day"), null=True)

    class Meta:
        verbose_name = _("designation")
        verbose_name_plural = _("designations")
        constraints = [
            models.UniqueConstraint(name="designation_once", fields=["location", "designation", "level", "awarded_on"]),
            models.CheckConstraint(
                name="designation_expires_after_award", condition=Q(expires_on=None) | Q(expires_on__gte=F("awarded_on"))
            ),
        ]


class EligibilityDecision(models.Model):
    """Whether a location meets a program's requirements, as a decision with its inputs (rule ELI-2).

    A new row is written when the outcome or what was observed changes; `evaluated_at` moves with every evaluation.
    `receipt` is the JSON of `enrollment.eligibility.Decision`: per group what was met, observed and asked for.
    """

    program = models.ForeignKey(Program, models.CASCADE, related_name="decisions")
    location = models.ForeignKey(Location, models.CASCADE, related_name="decisions")
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="+")
    eligible = models.BooleanField()
    receipt = models.JSONField()
    rule_version = models.PositiveIntegerField()
    decided_at = models.DateTimeField(db_default=DatabaseNow())
    evaluated_at = models.DateTimeField(db_default=DatabaseNow())
    is_current = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("eligibility decision")
        verbose_name_plural = _("eligibility decisions")
        constraints = [
            models.UniqueConstraint(name="one_current_decision", fields=["program", "location"], condition=Q(is_current=True)),
            models.CheckConstraint(name="evaluated_after_decided", condition=Q(evaluated_at__gte=F("decided_at"))),
        ]
        # What changed since yesterday.
        indexes = [models.Index(fields=["decided_at"], name="decisions_newest", condition=Q(is_current=True))]
