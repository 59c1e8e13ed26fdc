"""What an incentives admin does with an enrollment: accept, decline, choose profiles, submit (rules ENR-1…3, INV-7)."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from enrollment.derivation import lock, settle
from enrollment.errors import RefusedError
from enrollment.facts import gather
from enrollment.models import Enrollment, Program
from enrollment.status import Reason, Status, derive
from incentives_portal.core import audit, clock
from profiles.currencies import why_not
from profiles.errors import ChangingError, FrozenError
from profiles.models import DefaultBankProfile, PayoutProfile, PayoutProfileVersion, TaxProfile
from profiles.services import replacing, validations
from profiles.standing import Standing, VersionStanding, standings

CHOICE = ("payout_profile", "tax_profile", "currency")


def locked(enrollment_id: uuid.UUID, *profiles: PayoutProfile | TaxProfile | None) -> Enrollment:
    """The row, locked, after the profiles that it uses or is to use.

    Everywhere in the portal the order of locks is payout profile, tax profile, enrollments; a decision or a new version,
    which holds its profile and then reaches for the enrollments, can therefore wait for us but never deadlock with us.
    """
    held = [type(one)._base_manager.select_for_update(no_key=True).get(pk=one.pk) for one in profiles if one is not None]
    others = _reached(enrollment_id, held) if held else ()
    return next(row for row in lock([enrollment_id, *others]) if row.pk == enrollment_id)


def _reached(enrollment_id: uuid.UUID, profiles: Iterable[PayoutProfile | TaxProfile]) -> QuerySet[Enrollment, uuid.UUID]:
    """The others that chose profiles whose validation has not begun: when it begins, their status changes, too.

    They are locked together, always in the order of their ids.
    """
    program = Program.objects.get(enrollments=enrollment_id)
    unchecked = [profile for profile in profiles if _is_unchecked(profile, program)]
    chosen = Q(payout_profile__in=_ids(unchecked, PayoutProfile)) | Q(tax_profile__in=_ids(unchecked, TaxProfile))
    return Enrollment.objects.filter(chosen, submitted_at=None, ended_at=None).values_list("pk", flat=True)


def _ids(profiles: Iterable[PayoutProfile | TaxProfile], kind: type[Any]) -> list[uuid.UUID]:
    return [profile.pk for profile in profiles if isinstance(profile, kind)]


def _status_now(row: Enrollment) -> tuple[Status, Reason]:
    outcome = derive(gather([row])[row.pk])
    return outcome.status, outcome.reason


@transaction.atomic
def accept(*, enrollment_id: uuid.UUID, by: User) -> Enrollment:
    """Accepts the invitation and starts with the location's default bank profile (rule ENR-1).

    Accepting what is accepted already changes nothing. Raises RefusedError when the invitation no longer stands.
    """
    row = locked(enrollment_id)
    if row.accepted_at and not row.ended_at:
        return row
    if _status_now(row)[0] is not Status.INVITED:
        raise RefusedError(_("This invitation can no longer be accepted. Its page says where it stands and who can help."))
    row.accepted_at, row.accepted_by = clock.now(), by
    _start_with_default(row)
    settle([row], facts=("accepted_at", "accepted_by", *CHOICE), cause="accepted", by=by)
    audit.record("enrollment.accepted", row, by=by)
    return row


def _start_with_default(row: Enrollment) -> None:
    """Fills in what is known: the default bank profile where it fits the program, and an only tax profile."""
    default = DefaultBankProfile.objects.select_related("payout_profile__latest").filter(location=row.location_id).first()
    if default and default.payout_profile.latest and not default.payout_profile.archived_at:
        if default.payout_profile.latest.payment_method in row.program.payment_methods:
            row.payout_profile = default.payout_profile
        if default.currency in row.program.currencies:
            row.currency = default.currency
    taxes = TaxProfile.objects.filter(location=row.location_id, archived_at=None, latest__isnull=False)[:2]
    if len(taxes) == 1:
        row.tax_profile = taxes[0]
    if len(row.program.currencies) == 1:
        row.currency = row.program.currencies[0]


@transaction.atomic
def decline(*, enrollment_id: uuid.UUID, by: User) -> Enrollment:
    """Declines the invitation; `undo_decline` takes it back while the window is open (rule INV-7)."""
    row = locked(enrollment_id)
    if row.declined_at and not row.ended_at:
        return row
    if _status_now(row)[0] is not Status.INVITED:
        raise RefusedError(_("Only an open invitation can be declined. Reload the page to see where it stands now."))
    row.declined_at, row.declined_by = clock.now(), by
    settle([row], facts=("declined_at", "declined_by"), cause="declined", by=by)
    audit.record("enrollment.declined", row, by=by)
    return row


@transaction.atomic
def undo_decline(*, enrollment_id: uuid.UUID, by: User) -> Enrollment:
    """Takes a refusal back; the invitation stands again. Raises RefusedError when it could not be accepted any more."""
    row = locked(enrollment_id)
    if not row.declined_at:
        return row
    row.declined_at = row.declined_by = None
    if _status_now(row)[0] is not Status.INVITED:
        raise RefusedError(_("The time to accept this invitation is over, so declining it can't be undone."))
    settle([row], facts=("declined_at", "declined_by"), cause="decline_undone", by=by)
    audit.record("enrollment.decline_undone", row, by=by)
    return row


@transaction.atomic
def choose(
    *, enrollment_id: uuid.UUID, payout_profile: PayoutProfile | None, tax_profile: TaxProfile | None, currency: str, by: User
) -> Enrollment:
    """Keeps what was chosen so far, complete or not, so that leaving loses nothing (rule ENR-2).

    A submitted enrollment keeps its submission: a changed profile is validated anew, an incomplete choice is refused.
    """
    seen = Enrollment.objects.select_related("payout_profile").get(pk=enrollment_id)
    replaced = seen.payout_profile if seen.submitted_at and seen.payout_profile_id != _id(payout_profile) else None
    payouts = sorted((one for one in (payout_profile, replaced) if one is not None), key=lambda one: one.pk)
    row = locked(enrollment_id, *payouts, tax_profile)
    before, after = _choice(row), _chosen(_id(payout_profile), _id(tax_profile), currency)
    overtaken = row.submitted_at and (row.payout_profile_id, row.submitted_at) != (seen.payout_profile_id, seen.submitted_at)
    if overtaken and before != after:  # the same click twice is the same as once
        raise RefusedError(_("Somebody else changed the profiles of this enrollment just now. Look at them again, then submit."))
    _must_be_open_for_choice(row, payout_profile, tax_profile, currency)
    if row.submitted_at and not (payout_profile and tax_profile and currency):
        raise RefusedError(_("This enrollment is submitted already: choose a payout profile, a tax profile and a currency."))
    if replaced is not None and payout_profile is not None:
        _replace(row, replaced, payout_profile, by)
        # Who has it paid elsewhere answers for it from now on, and gets no right to a colleague's profile by it.
        row.submitted_by = by
    row.payout_profile, row.tax_profile, row.currency = payout_profile, tax_profile, currency
    if row.submitted_at:
        _must_be_payable(row)
        start_validations(row, by=by)
    settle([row], facts=(*CHOICE, "submitted_by"), cause="profiles_chosen", by=by)
    if before != after:
        audit.record("enrollment.profiles_chosen", row, by=by, before=before, after=after)
    return row


def _must_be_open_for_choice(row: Enrollment, payout: PayoutProfile | None, tax: TaxProfile | None, currency: str) -> None:
    """Raises RefusedError unless the enrollment is in the partner's hands and what is chosen belongs to it."""
    if not row.accepted_at or _status_now(row)[0] in {Status.INACTIVE, Status.DISCONTINUED}:
        raise RefusedError(_("This enrollment is not open for changes. Reload the page to see where it stands now."))
    if payout and (payout.partner_id != row.partner_id or payout.archived_at):
        raise RefusedError(_("That payout profile is no longer available. Choose another one."), code="payout_archived")
    if tax and (tax.location_id != row.location_id or tax.archived_at):
        raise RefusedError(_("That tax profile is no longer available. Choose another one."), code="tax_missing")
    if currency and currency not in row.program.currencies:
        raise RefusedError(_("The program does not pay in that currency. Choose another one."), code="currency_not_paid")


def _id(profile: PayoutProfile | TaxProfile | None) -> uuid.UUID | None:
    return profile.pk if profile is not None else None


def _replace(row: Enrollment, before: PayoutProfile, now: PayoutProfile, by: User) -> None:
    """Has all admins told that a submitted enrollment is to be paid elsewhere (rule PAY-5).

    Raises RefusedError while either profile is frozen: a reported change can't be got round by choosing another profile. Also
    where an earlier version of the new one is in force.
    """

    def where() -> str:
        return " · ".join(part for part in (row.program.name, str(row.year), str(row.location or "")) if part)

    try:
        replacing.took_place(profile=now, of=before, paying_entity=row.program.paying_entity, where=where, by=by)
    except FrozenError as refusal:
        raise RefusedError(str(refusal), code="payout_frozen") from None
    except ChangingError as refusal:
        raise RefusedError(str(refusal), code="payout_changing") from None


def _must_be_payable(row: Enrollment) -> None:
    """Raises RefusedError where the account can't be paid in the currency."""
    latest = row.payout_profile.latest if row.payout_profile else None
    if latest and (refusal := why_not(row.currency, latest)):
        raise RefusedError(refusal, code="currency")


def _choice(row: Enrollment) -> dict[str, Any]:
    return _chosen(row.payout_profile_id, row.tax_profile_id, row.currency)


def _chosen(payout: uuid.UUID | None, tax: uuid.UUID | None, currency: str) -> dict[str, Any]:
    return {"payout_profile": str(payout or ""), "tax_profile": str(tax or ""), "currency": currency}


@transaction.atomic
def submit(*, enrollment_id: uuid.UUID, by: User) -> Enrollment:
    """Submits a complete enrollment (rule ENR-2). Profiles validated already make it Enrolled at once (rule ENR-3).

    Submitting twice is the same as once. Raises RefusedError naming what is missing.
    """
    seen = Enrollment.objects.select_related("payout_profile", "tax_profile").get(pk=enrollment_id)
    row = locked(enrollment_id, seen.payout_profile, seen.tax_profile)
    if row.submitted_at and not row.ended_at:
        return row
    if _choice(row) != _choice(seen):
        raise RefusedError(_("Somebody else changed the profiles of this enrollment just now. Look at them again, then submit."))
    _must_be_open_for_choice(row, row.payout_profile, row.tax_profile, row.currency)
    if not (row.payout_profile_id and row.tax_profile_id and row.currency):
        raise RefusedError(_("Something is still missing. Choose Continue to add it, then submit."))
    _must_be_payable(row)
    row.submitted_at, row.submitted_by = clock.now(), by
    start_validations(row, by=by)
    settle([row], facts=("submitted_at", "submitted_by"), cause="submitted", by=by)
    audit.record("enrollment.submitted", row, by=by, after=_choice(row))
    return row


def start_validations(row: Enrollment, *, by: Any) -> None:
    """Sees to it that the latest versions of both profiles are validated, or being so, for the program's paying entity.

    The caller holds the locks of both profiles, so that no decision or new version slips in between.
    """
    for profile in (row.payout_profile, row.tax_profile):
        if profile is not None:
            profile.refresh_from_db(fields=["latest"])
            start_validation(profile, row.program, by=by)


def start_validation(profile: PayoutProfile | TaxProfile, program: Program, *, by: Any) -> None:
    """Has the profile's latest version validated for the program's paying entity, where that hasn't begun."""
    version = profile.latest
    if version is None or not _is_unchecked(profile, program):
        return
    if isinstance(version, PayoutProfileVersion):
        validations.start(payout_version=version, paying_entity=program.paying_entity, by=by)
    else:
        validations.start(tax_version=version, paying_entity=program.paying_entity, by=by)


def _is_unchecked(profile: PayoutProfile | TaxProfile, program: Program) -> bool:
    """Whether nobody has begun to validate the profile's latest version for the program's paying entity."""
    if profile.latest_id is None:
        return False
    found = standings([profile.latest_id]).get((profile.latest_id, program.paying_entity), VersionStanding())
    return found.standing is Standing.UNCHECKED
