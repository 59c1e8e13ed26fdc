"""Answers the floor below: which enrollments use a profile, which programs a role can be limited to, who pays."""

from collections.abc import Iterable

from django.urls import reverse

from enrollment.models import Enrollment, Program
from enrollment.status import Status, shown_to
from enrollment.wording import STATUS_LABELS
from incentives_portal.core import clock
from profiles.models import PayoutProfile, TaxProfile
from profiles.usage import Usage

OVER = {Status.INACTIVE, Status.DISCONTINUED}


def enrollments_using(profile: PayoutProfile | TaxProfile) -> Iterable[Usage]:
    """Every enrollment that the profile is chosen for; the live, submitted ones are validated anew if it changes (rule ENR-4)."""
    column = "payout_profile" if isinstance(profile, PayoutProfile) else "tax_profile"
    rows = (
        Enrollment.objects.filter(**{column: profile})
        .select_related("program", "location")
        .order_by("-fiscal_year", "location__name", "location__mpn_id", "program__code")
    )
    for row in rows:
        live = row.ended_at is None and row.status not in OVER
        yield Usage(
            location_id=row.location_id,
            label=" · ".join(part for part in (row.program.name, str(row.year), str(row.location or "")) if part),
            status=str(STATUS_LABELS[shown_to(row.status, row.reason, may_enroll=True)]),
            live=live,
            url=reverse("enrollment", args=[row.pk]),
            program_code=row.program.code,
            validated_anew=live and row.submitted_at is not None,
            submitted_by_id=row.submitted_by_id,
        )


def program_choices() -> Iterable[tuple[str, str]]:
    """Every program's code and name in the language of the page."""
    return [(program.code, program.name) for program in Program.objects.all()]


def paying_entities() -> Iterable[str]:
    """Who pays the programs that are not discontinued."""
    return Program.objects.exclude(discontinued_on__lt=clock.today()).values_list("paying_entity", flat=True).distinct()
