import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Partner
from enrollment.bulk import ACTS, Act, Choice
from incentives_portal.core.clock import DatabaseNow
from profiles.models import PayoutProfile, TaxProfile

from .enrollments import Enrollment


class BulkEnrollment(models.Model):
    """Many enrollments that one person sent on their way at once (rule ENR-5): what was chosen, and one row for each.

    The row is the work: workers take rows that have no outcome yet. `key` comes from the form, so that a second click on the
    same button finds the first one's job. Without `payout_profile` each location's default bank profile is used, and without
    `currency` the one that goes with it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="+")
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    started_at = models.DateTimeField(db_default=DatabaseNow())
    key = models.UUIDField()
    act = models.CharField(max_length=10, choices=ACTS, default=Act.ENROLL.value)
    payout_profile = models.ForeignKey(PayoutProfile, models.PROTECT, null=True, related_name="+")
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    again_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("enrollment of many")
        verbose_name_plural = _("enrollments of many")
        constraints = [models.UniqueConstraint(name="bulk_started_once", fields=["started_by", "key"])]
        indexes = [
            models.Index(fields=["started_at"], name="bulk_open", condition=Q(finished_at=None)),
            models.Index(fields=["started_by", "-started_at"], name="bulk_of_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.get_act_display()} {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def choice(self) -> Choice:
        """What was chosen for all of them."""
        return Choice(Act(self.act), self.payout_profile_id, self.currency)


class BulkEnrollmentRow(models.Model):
    """One enrollment of many: what was checked for it before, and what became of it.

    `outcome` is a code of `enrollment.bulk.Code`, put into words when somebody reads it; empty, it waits. `seen` says how the
    enrollment stood when the person looked, so that what a colleague did meanwhile is not overwritten.
    """

    job = models.ForeignKey(BulkEnrollment, models.CASCADE, related_name="rows")
    enrollment = models.ForeignKey(Enrollment, models.CASCADE, related_name="+")
    payout_profile = models.ForeignKey(PayoutProfile, models.PROTECT, null=True, related_name="+")
    tax_profile = models.ForeignKey(TaxProfile, models.PROTECT, null=True, related_name="+")
    currency = models.CharField(max_length=3, blank=True)
    seen = models.CharField(max_length=32)
    outcome = models.CharField(max_length=30, blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("row of an enrollment of many")
        verbose_name_plural = _("rows of an enrollment of many")
        constraints = [
            models.UniqueConstraint(name="bulk_row_once", fields=["job", "enrollment"]),
            models.CheckConstraint(
                name="bulk_row_done_has_an_outcome",
                condition=Q(outcome="", done_at=None) | ~Q(outcome="") & Q(done_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["job", "id"], name="bulk_rows_waiting", condition=Q(outcome="")),
            models.Index(fields=["job", "outcome"], name="bulk_rows_by_outcome"),
        ]
