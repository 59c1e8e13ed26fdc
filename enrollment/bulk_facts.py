"""Gathers what `enrollment.bulk.judge` asks for: a fixed number of queries, whatever the number of enrollments."""

import datetime as dt
import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from accounts.actor import Actor
from enrollment.bulk import Choice, Code, Payout, Situation, Tax
from enrollment.models import Enrollment, Program
from enrollment.policy import may_enroll
from enrollment.queries.choices import form_needed
from profiles.currencies import why_not
from profiles.models import DefaultBankProfile, PayoutProfile, TaxProfile
from profiles.standing import Key, Standing, VersionStanding, standings


@dataclass(frozen=True)
class Gathered:
    """What the rows have in common to look things up in. Each row is then a matter of dictionaries."""

    actor: Actor
    choice: Choice
    today: dt.date
    defaults: dict[uuid.UUID, DefaultBankProfile]
    payouts: dict[uuid.UUID, PayoutProfile]
    taxes: dict[uuid.UUID, list[TaxProfile]]
    standings: dict[Key, VersionStanding]
    _payouts: dict[tuple[uuid.UUID, uuid.UUID], Payout | None] = field(default_factory=dict)

    @cached_property
    def _tax_by_id(self) -> dict[uuid.UUID, TaxProfile]:
        return {profile.pk: profile for profiles in self.taxes.values() for profile in profiles}

    def situation(self, row: Enrollment) -> Situation:
        """The row as the rule asks for it."""
        default = self.defaults.get(row.location_id) if row.location_id else None
        payout_id = self.choice.payout_id or row.payout_profile_id or (default.payout_profile_id if default else None)
        chosen = self._tax_by_id.get(row.tax_profile_id) if row.tax_profile_id else None
        return Situation(
            status=row.status,
            reason=row.reason,
            in_scope=may_enroll(self.actor, row),
            submitted=row.submitted_at is not None,
            payout=self._payout(payout_id, row.program) if payout_id else None,
            tax=self._tax(chosen, row.program) if chosen else None,
            taxes=[self._tax(profile, row.program) for profile in self.taxes.get(row.location_id or row.pk, ())],
            currency=row.currency,
            default_currency=default.currency if default else "",
            currencies=row.program.currencies,
        )

    def _standing(self, profile: PayoutProfile | TaxProfile, program: Program) -> Standing:
        found = self.standings.get((profile.latest_id, program.paying_entity)) if profile.latest_id else None
        return found.standing if found else Standing.UNCHECKED

    def _payout(self, pk: uuid.UUID, program: Program) -> Payout | None:
        """The same for many rows: few profiles and few programs."""
        key = (pk, program.pk)
        if key not in self._payouts:
            profile = self.payouts.get(pk)
            self._payouts[key] = self._judged(profile, program) if profile else None
        return self._payouts[key]

    def _judged(self, profile: PayoutProfile, program: Program) -> Payout | None:
        latest = profile.latest
        if latest is None:
            return None
        flaw = None
        if profile.archived_at:
            flaw = Code.PAYOUT_ARCHIVED
        elif profile.frozen_at:
            flaw = Code.PAYOUT_FROZEN
        elif latest.payment_method not in program.payment_methods:
            flaw = Code.PAYOUT_UNFIT
        elif self._standing(profile, program) is Standing.REJECTED:
            flaw = Code.PAYOUT_REJECTED
        return Payout(profile.pk, flaw, frozenset(code for code in program.currencies if why_not(code, latest)))

    def _tax(self, profile: TaxProfile, program: Program) -> Tax:
        latest, flaw = profile.latest, None
        assert latest is not None
        if latest.expires_on and latest.expires_on < self.today:
            flaw = Code.TAX_EXPIRED
        elif form_needed(latest, program.paying_entity):
            flaw = Code.TAX_FORM
        elif self._standing(profile, program) is Standing.REJECTED:
            flaw = Code.TAX_REJECTED
        return Tax(profile.pk, flaw)


def gather(rows: Sequence[Enrollment], choice: Choice, actor: Actor, today: dt.date) -> Gathered:
    """What is needed to judge `rows`, all of one partner and with their program at hand. Five queries."""
    places = {row.location_id for row in rows if row.location_id}
    defaults = {one.location_id: one for one in DefaultBankProfile.objects.filter(location__in=places)}
    wanted = {one.payout_profile_id for one in defaults.values()} | {row.payout_profile_id for row in rows} | {choice.payout_id}
    partners = {row.partner_id for row in rows}
    payouts = PayoutProfile.objects.filter(partner__in=partners, pk__in={pk for pk in wanted if pk}).select_related("latest")
    taxes: dict[uuid.UUID, list[TaxProfile]] = defaultdict(list)
    in_use = TaxProfile.objects.filter(location__in=places, archived_at=None, latest__isnull=False)
    for profile in in_use.select_related("latest").order_by("pk"):
        taxes[profile.location_id].append(profile)
    found = {profile.pk: profile for profile in payouts}
    versions = _versions([*found.values(), *(profile for profiles in taxes.values() for profile in profiles)])
    return Gathered(actor, choice, today, defaults, found, dict(taxes), standings(versions) if versions else {})


def _versions(profiles: Iterable[PayoutProfile | TaxProfile]) -> set[uuid.UUID]:
    return {profile.latest_id for profile in profiles if profile.latest_id}


def seen(row: Enrollment) -> str:
    """How an enrollment stands, in short: another value means that somebody has worked on it since."""
    stands = (bool(row.accepted_at), bool(row.submitted_at), row.payout_profile_id, row.tax_profile_id, row.currency)
    return hashlib.blake2b(repr(stands).encode(), digest_size=12).hexdigest()
