"""Gathers the facts that the status is derived from: a fixed number of queries, whatever the number of enrollments."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from enrollment.models import EligibilityDecision, Enrollment, FiscalYearOffer, Program
from enrollment.status import Facts, FieldReason, ProfileFacts, ProfileState
from incentives_portal.core import clock
from profiles.models import PayoutProfile, TaxProfile
from profiles.standing import Key, VersionStanding, standings


@dataclass(frozen=True, slots=True)
class _Gathered:
    """What the enrollments of one batch have in common to look things up in."""

    today: dt.date
    offers: dict[tuple[uuid.UUID, int], FiscalYearOffer]
    eligible: dict[tuple[uuid.UUID, uuid.UUID], bool]
    payouts: dict[uuid.UUID, PayoutProfile]
    taxes: dict[uuid.UUID, TaxProfile]
    standings: dict[Key, VersionStanding]


def gather(rows: Sequence[Enrollment]) -> dict[uuid.UUID, Facts]:
    """The facts of each row, by its id. The rows' own columns are taken as they are in memory, unsaved changes included."""
    payouts = PayoutProfile.objects.select_related("latest").in_bulk(
        {row.payout_profile_id for row in rows if row.payout_profile_id}
    )
    taxes = TaxProfile.objects.select_related("latest").in_bulk({row.tax_profile_id for row in rows if row.tax_profile_id})
    profiles: list[PayoutProfile | TaxProfile] = [*payouts.values(), *taxes.values()]
    versions = {profile.latest_id for profile in profiles if profile.latest_id}
    program_ids = {row.program_id for row in rows}
    gathered = _Gathered(
        today=clock.today(),
        offers={(offer.program_id, offer.fiscal_year): offer for offer in FiscalYearOffer.objects.filter(program__in=program_ids)},
        eligible={
            (program_id, location_id): eligible
            for program_id, location_id, eligible in EligibilityDecision.objects.filter(
                is_current=True, program__in=program_ids, location__in={row.location_id for row in rows if row.location_id}
            ).values_list("program_id", "location_id", "eligible")
        },
        payouts=payouts,
        taxes=taxes,
        standings=standings(versions) if versions else {},
    )
    return {row.pk: _facts_of(row, row.program, gathered) for row in rows}


def _facts_of(row: Enrollment, program: Program, gathered: _Gathered) -> Facts:
    offer = gathered.offers.get((row.program_id, row.fiscal_year))
    return Facts(
        today=gathered.today,
        year_starts_on=row.year.first_day,
        year_ends_on=row.year.last_day,
        is_pga=program.level == Program.Level.PGA or row.location_id is None,
        discontinued_on=program.discontinued_on,
        offered=offer is not None,
        opens_on=offer.opens_on if offer else None,
        closes_on=offer.closes_on if offer else None,
        eligible=True if program.open_to_all else gathered.eligible.get((row.program_id, row.location_id or uuid.UUID(int=0))),
        invited=row.invited_at is not None,
        respond_by=row.respond_by,
        accepted=row.accepted_at is not None,
        declined=row.declined_at is not None,
        ended=row.ended_at is not None,
        end_reason=row.end_reason,
        payout=_payout_facts(row, program, gathered),
        tax=_tax_facts(row, program, gathered),
        currency_fits=row.currency in program.currencies,
        submitted=row.submitted_at is not None,
    )


def _payout_facts(row: Enrollment, program: Program, gathered: _Gathered) -> ProfileFacts:
    profile = gathered.payouts.get(row.payout_profile_id) if row.payout_profile_id else None
    if profile is None or profile.latest is None:
        return ProfileFacts()
    if profile.archived_at:
        return ProfileFacts(ProfileState.ARCHIVED, profile_id=str(profile.pk))
    if profile.frozen_at:
        return ProfileFacts(ProfileState.FROZEN, profile_id=str(profile.pk))
    if profile.latest.payment_method not in program.payment_methods:
        return ProfileFacts(ProfileState.UNFIT, profile_id=str(profile.pk))
    return _validated(profile, program, gathered)


def _tax_facts(row: Enrollment, program: Program, gathered: _Gathered) -> ProfileFacts:
    profile = gathered.taxes.get(row.tax_profile_id) if row.tax_profile_id else None
    if profile is None or profile.latest is None:
        return ProfileFacts()
    if profile.archived_at:
        return ProfileFacts(ProfileState.ARCHIVED, profile_id=str(profile.pk))
    expires_on = profile.latest.expires_on
    if expires_on and expires_on < gathered.today:
        return ProfileFacts(ProfileState.EXPIRED, expires_on=expires_on, profile_id=str(profile.pk))
    return _validated(profile, program, gathered, expires_on)


def _validated(
    profile: PayoutProfile | TaxProfile, program: Program, gathered: _Gathered, expires_on: dt.date | None = None
) -> ProfileFacts:
    assert profile.latest_id is not None
    found = gathered.standings.get((profile.latest_id, program.paying_entity), VersionStanding())
    reasons = tuple(FieldReason(reason.field, reason.code, reason.note) for reason in found.reasons)
    return ProfileFacts(ProfileState(found.standing.value), found.due_at, expires_on, reasons, str(profile.pk))
