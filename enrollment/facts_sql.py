"""The facts that the status is derived from, as SQL for any number of rows: the counterpart of `enrollment.facts`.

Rows with the same facts have the same status, and of many rows few differ. So each row gets a *signature*, its facts as text
without what can't change the status (which profile it is), and the pure function is asked once for every signature.
"""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from enrollment.models import FiscalYearOffer, Program
from enrollment.ranges import Range
from enrollment.status import Facts, FieldReason, ProfileFacts, ProfileState
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.fragments import Sql, sql

# They stand in the requirements where a row's own profile belongs, until SQL fills it in.
PAYOUT, TAX = "00000000-0000-0000-0000-0000000000aa", "00000000-0000-0000-0000-0000000000bb"

_REASONS = """(
    SELECT jsonb_agg(jsonb_build_array(r.field, r.code, r.note) ORDER BY r.id)
    FROM profiles_validationreason r WHERE r.validation_id = {validation}.id
)"""
_STANDING = "CASE {validation}.decision WHEN '' THEN 'validating' WHEN 'approved' THEN 'approved' WHEN 'rejected' THEN 'rejected' ELSE 'unchecked' END"
PAYOUT_STATE = f"""CASE
    WHEN pv.id IS NULL THEN 'missing' WHEN pp.archived_at IS NOT NULL THEN 'archived'
    WHEN pp.frozen_at IS NOT NULL THEN 'frozen' WHEN pv.payment_method <> ALL (g.payment_methods) THEN 'unfit'
    ELSE {_STANDING.format(validation="px")} END"""
TAX_STATE = f"""CASE
    WHEN tv.id IS NULL THEN 'missing' WHEN tp.archived_at IS NOT NULL THEN 'archived'
    WHEN tv.expires_on < %s::date THEN 'expired'
    ELSE {_STANDING.format(validation="tx")} END"""
_SIGNATURE = f"""jsonb_build_array(
    e.program_id, e.fiscal_year, e.location_id IS NULL, g.open_to_all OR d.eligible,
    e.invited_at IS NOT NULL, e.respond_by, e.accepted_at IS NOT NULL, e.declined_at IS NOT NULL,
    e.ended_at IS NOT NULL, e.end_reason, e.currency = ANY (g.currencies), e.submitted_at IS NOT NULL,
    {PAYOUT_STATE}, CASE px.decision WHEN '' THEN px.due_at END,
    CASE px.decision WHEN 'rejected' THEN {_REASONS.format(validation="px")} END,
    {TAX_STATE}, CASE tx.decision WHEN '' THEN tx.due_at END,
    CASE tx.decision WHEN 'rejected' THEN {_REASONS.format(validation="tx")} END,
    CASE WHEN tp.archived_at IS NULL THEN tv.expires_on END
)::text"""
# What an ended row's profiles and eligibility are doesn't matter, so they aren't looked up.
PROFILES = """
LEFT JOIN profiles_payoutprofile pp ON pp.id = e.payout_profile_id AND e.ended_at IS NULL AND {of_payout}
LEFT JOIN profiles_payoutprofileversion pv ON pv.id = pp.latest_id
LEFT JOIN profiles_validation px ON px.payout_version_id = pv.id AND px.paying_entity = g.paying_entity AND {of_payout_validation}
LEFT JOIN profiles_taxprofile tp ON tp.id = e.tax_profile_id AND e.ended_at IS NULL AND {of_tax}
LEFT JOIN profiles_taxprofileversion tv ON tv.id = tp.latest_id
LEFT JOIN profiles_validation tx ON tx.tax_version_id = tv.id AND tx.paying_entity = g.paying_entity AND {of_tax_validation}
"""
_SIGNED = f"""
SELECT e.*, {_SIGNATURE} AS signature FROM ({{rows}}) e
JOIN enrollment_program g ON g.id = e.program_id
LEFT JOIN enrollment_eligibilitydecision d
    ON d.program_id = e.program_id AND d.location_id = e.location_id AND d.is_current AND e.ended_at IS NULL AND {{of_decision}}
{PROFILES}
"""  # noqa: S608


def profiles(within: Range) -> dict[str, Sql]:
    """The bounds of the range for each table in PROFILES."""
    tables = {"of_payout": "pp", "of_payout_validation": "px", "of_tax": "tp", "of_tax_validation": "tx"}
    return {name: within.of_partner(f"{table}.partner_id") for name, table in tables.items()}


def signed(rows: Sql, today: dt.date, within: Range) -> Sql:
    """Rows as `Enrollment` has them, as they are or as they are to be, each with its signature."""
    return sql(_SIGNED, today, rows=rows, of_decision=within.of_partner("d.partner_id"), **profiles(within))


@dataclass(frozen=True, slots=True)
class Programs:
    """What all rows of a program have in common to look up."""

    today: dt.date
    programs: Mapping[UUID, Program]
    offers: Mapping[tuple[UUID, int], FiscalYearOffer]

    @classmethod
    def read(cls) -> Self:
        offers = {(offer.program_id, offer.fiscal_year): offer for offer in FiscalYearOffer.objects.all()}
        return cls(clock.today(), Program.objects.in_bulk(), offers)

    def facts(self, signature: str) -> Facts:
        """The facts that a signature stands for."""
        program_id, ends_in, is_pga, eligible, invited, respond_by, accepted, declined, ended, end_reason, fits, submitted, *of = (
            json.loads(signature)
        )
        program, year = self.programs[UUID(program_id)], FiscalYear(ends_in)
        offer = self.offers.get((program.pk, ends_in))
        return Facts(
            today=self.today,
            year_starts_on=year.first_day,
            year_ends_on=year.last_day,
            is_pga=is_pga or program.level == Program.Level.PGA,
            discontinued_on=program.discontinued_on,
            offered=offer is not None,
            opens_on=offer.opens_on if offer else None,
            closes_on=offer.closes_on if offer else None,
            eligible=eligible,
            invited=invited,
            respond_by=_day(respond_by),
            accepted=accepted,
            declined=declined,
            ended=ended,
            end_reason=end_reason,
            payout=_profile(PAYOUT, *of[:3]),
            tax=_profile(TAX, *of[3:]),
            currency_fits=fits,
            submitted=submitted,
        )


def _profile(stands_for: str, state: str, due_at: str | None, reasons: Any, expires_on: str | None = None) -> ProfileFacts:
    known = ProfileState(state)
    return ProfileFacts(
        known,
        dt.datetime.fromisoformat(due_at) if due_at and known is ProfileState.VALIDATING else None,
        _day(expires_on),
        tuple(FieldReason(*reason) for reason in reasons or ()) if known is ProfileState.REJECTED else (),
        "" if known is ProfileState.MISSING else stands_for,
    )


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
