"""Gathers what a rollover is judged by: a fixed number of queries, whatever the number of enrollments."""

import datetime as dt
import uuid
from collections.abc import Sequence

from django.db.models import Q

from enrollment import eligibility
from enrollment.eligibility_facts import facts_of
from enrollment.facts import gather
from enrollment.models import Enrollment, FiscalYearOffer, Program
from enrollment.requirements import in_force as requirements_in_force
from enrollment.rollover import ProfileAtRollover, RolloverFacts
from enrollment.status import ProfileFacts
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear
from profiles.models import BankAlarm, Validation


def gather_for_rollover(rows: Sequence[Enrollment]) -> dict[uuid.UUID, RolloverFacts]:
    """The facts of each row, by its id. The rows are of one fiscal year, with program, location and partner selected."""
    if not rows:
        return {}
    following = FiscalYear(rows[0].fiscal_year).next
    day = max(following.first_day, clock.today())
    offered = set(FiscalYearOffer.objects.filter(fiscal_year=following.ends_in).values_list("program_id", flat=True))
    eligible, in_force, now = _eligible(rows, day), _in_force(rows), gather(rows)
    return {
        row.pk: RolloverFacts(
            day=day,
            is_pga=now[row.pk].is_pga,
            offered=row.program_id in offered,
            discontinued_on=row.program.discontinued_on,
            eligible=row.pk in eligible,
            payout=_profile(now[row.pk].payout, (row.payout_profile_id, row.program.paying_entity) in in_force),
            tax=_profile(now[row.pk].tax, (row.tax_profile_id, row.program.paying_entity) in in_force),
            currency_fits=now[row.pk].currency_fits,
            submitted=now[row.pk].submitted,
        )
        for row in rows
    }


def _profile(facts: ProfileFacts, in_force: bool) -> ProfileAtRollover:
    return ProfileAtRollover(facts.state, in_force, facts.expires_on)


def _eligible(rows: Sequence[Enrollment], day: dt.date) -> set[uuid.UUID]:
    """The rows whose location meets the requirements on `day`: an agreement that ends with the year holds no longer."""
    programs = Program.objects.prefetch_related("groups__items").in_bulk({row.program_id for row in rows})
    groups = {pk: requirements_in_force(program) or () for pk, program in programs.items()}
    locations = {row.location.pk: row.location for row in rows if row.location}
    for row in rows:
        if row.location:
            locations[row.location.pk].partner = row.partner
    facts = facts_of(list(locations.values()))
    return {
        row.pk
        for row in rows
        if row.location_id and eligibility.evaluate(groups[row.program_id], facts[row.location_id], day).eligible
    }


def _in_force(rows: Sequence[Enrollment]) -> set[tuple[uuid.UUID | None, str]]:
    """The profiles of which some version is approved, with the paying entity that it is approved for; what was taken back
    counts no more."""
    payouts = {row.payout_profile_id for row in rows if row.payout_profile_id}
    taxes = {row.tax_profile_id for row in rows if row.tax_profile_id}
    of_profiles = Q(payout_version__profile__in=payouts) | Q(tax_version__profile__in=taxes)
    approved = Validation.objects.filter(of_profiles, decision=Validation.Decision.APPROVED)
    approved = approved.exclude(payout_version__alarm__outcome=BankAlarm.Outcome.TAKEN_BACK)
    found = approved.values_list("payout_version__profile", "tax_version__profile", "paying_entity")
    return {(payout or tax, entity) for payout, tax, entity in found}
