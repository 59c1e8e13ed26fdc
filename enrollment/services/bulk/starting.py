import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from accounts.models import Partner, User
from enrollment.bulk import Choice, Verdict
from enrollment.bulk_facts import seen
from enrollment.models import BulkEnrollment, BulkEnrollmentRow, Enrollment
from incentives_portal.core import audit
from incentives_portal.core.waking import wake_on_commit

RUN = "enrollment.tasks.run_bulk"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An enrollment as it was previewed, and what it is to be paid to."""

    row: Enrollment
    verdict: Verdict


@transaction.atomic
def start(
    *, partner: Partner, key: uuid.UUID, choice: Choice, wanted: Sequence[Wanted], again_of: BulkEnrollment | None = None, by: User
) -> BulkEnrollment:
    """Writes down what is to be done, for the workers to do. The same `key` again finds the job that it started before."""
    job, is_new = BulkEnrollment.objects.get_or_create(
        started_by=by,
        key=key,
        defaults={
            "partner": partner,
            "act": choice.act.value,
            "payout_profile_id": choice.payout_id,
            "currency": choice.currency,
            "again_of": again_of,
        },
    )
    if not is_new:
        return job
    job.refresh_from_db(fields=["started_at"])
    BulkEnrollmentRow.objects.bulk_create((_row(job, one) for one in wanted), batch_size=1_000)
    audit.record("bulk.started", job, by=by, after={"act": job.act, "rows": len(wanted)})
    wake_on_commit(RUN)
    return job


def _row(job: BulkEnrollment, one: Wanted) -> BulkEnrollmentRow:
    return BulkEnrollmentRow(
        job=job,
        enrollment=one.row,
        payout_profile_id=one.verdict.payout_id,
        tax_profile_id=one.verdict.tax_id,
        currency=one.verdict.currency,
        seen=seen(one.row),
    )
