"""What partners and reviewers do in the rehearsal: a realistic share accepts, submits, declines or never answers."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from enrollment.derivation import BATCH, lock, settle
from enrollment.models import Enrollment
from enrollment.services import enrolling
from enrollment.status import Status
from incentives_portal.core import clock
from incentives_portal.core.audit import SYSTEM
from profiles.models import PayoutProfile, TaxProfile, Validation
from profiles.models.validation import UNDECIDED
from profiles.services import validations

ACCEPTED = ("accepted_at", "accepted_by")
SUBMITTED = (*ACCEPTED, "payout_profile", "tax_profile", "currency", "submitted_at", "submitted_by")
DECLINED = ("declined_at", "declined_by")
# Of a hundred invitations: submitted, accepted and left, declined; the rest is never answered.
SHARES = {"submitted": 55, "accepted": 10, "declined": 5}


def answer_invitations(*, one_by_one: int, by: User, advance: Callable[[int], None]) -> dict[str, int]:
    """Answers what is invited. The first rows go the way of the pages, a service a step; the others in batches, by the same
    writer of the derived status and the same start of validations."""
    counts = dict.fromkeys(["submitted", "accepted", "declined", "unanswered", "one_by_one"], 0)
    ids = iter(list(Enrollment.objects.filter(status=Status.INVITED).order_by("pk").values_list("pk", flat=True)))
    for pk in islice(ids, one_by_one):
        counts[_answer_one(Enrollment.objects.select_related("program", "location").get(pk=pk), by)] += 1
        counts["one_by_one"] += 1
        advance(1)
    while chunk := list(islice(ids, BATCH)):
        _answer_batch(chunk, counts)
        advance(len(chunk))
    return counts


def _what_comes_of(row: Enrollment) -> str:
    """Follows from the numbers of the location and the program, so that it is the same every time."""
    assert row.location is not None
    drawn = (int(row.location.mpn_id) * 31 + sum(map(ord, row.program.code)) * 17) % 100
    for outcome, share in SHARES.items():
        if drawn < share:
            return outcome
        drawn -= share
    return "unanswered"


def _answer_one(row: Enrollment, by: User) -> str:
    outcome = _what_comes_of(row)
    if outcome == "declined":
        enrolling.decline(enrollment_id=row.pk, by=by)
    elif outcome != "unanswered":
        enrolling.accept(enrollment_id=row.pk, by=by)
        tax = TaxProfile.objects.filter(location=row.location_id).first()
        if outcome == "submitted" and tax:
            payout = PayoutProfile.objects.get(partner=row.partner_id)
            enrolling.choose(enrollment_id=row.pk, payout_profile=payout, tax_profile=tax, currency=_currency(row), by=by)
            enrolling.submit(enrollment_id=row.pk, by=by)
        else:
            outcome = "accepted"
    return outcome


@transaction.atomic
def _answer_batch(ids: list[UUID], counts: dict[str, int]) -> None:
    partners = set(Enrollment.objects.filter(pk__in=ids).values_list("partner_id", flat=True))
    # Profiles before enrollments, payout before tax, as everywhere in the portal.
    payouts = {one.partner_id: one for one in PayoutProfile.objects.filter(partner__in=partners).select_for_update(no_key=True)}
    places = Enrollment.objects.filter(pk__in=ids).values("location")
    taxes = {one.location_id: one for one in TaxProfile.objects.filter(location__in=places).select_for_update(no_key=True)}
    groups: dict[str, list[Enrollment]] = {"submitted": [], "accepted": [], "declined": []}
    for row in lock(ids):
        outcome = _what_comes_of(row)
        if outcome == "submitted" and row.location_id not in taxes:
            outcome = "accepted"
        counts[outcome] += 1
        if outcome in groups:
            groups[outcome].append(row)
            _write_answer(row, outcome, payouts[row.partner_id], taxes.get(row.location_id or row.pk))
    for facts, outcome in ((SUBMITTED, "submitted"), (ACCEPTED, "accepted"), (DECLINED, "declined")):
        settle(groups[outcome], facts=facts, cause=outcome, by=SYSTEM)


def _write_answer(row: Enrollment, outcome: str, payout: PayoutProfile, tax: TaxProfile | None) -> None:
    now = clock.now()
    if outcome == "declined":
        row.declined_at = now
        return
    row.accepted_at = now
    if outcome == "submitted":
        row.payout_profile, row.tax_profile, row.currency, row.submitted_at = payout, tax, _currency(row), now
        enrolling.start_validations(row, by=SYSTEM)


def _currency(row: Enrollment) -> str:
    return str(row.program.currencies[0])


def check_what_waits(*, advance: Callable[[int], None]) -> dict[str, int]:
    """Runs the automatic checks until nothing is left to check."""
    totals: dict[str, int] = {}
    while (counts := validations.check_due(by=SYSTEM))["checked"]:
        for name, count in counts.items():
            totals[name] = totals.get(name, 0) + count
        advance(counts["checked"])
    return totals


def review(*, by: User, every: int) -> dict[str, int]:
    """Decides what waits for a reviewer: every `every`-th is rejected, the others are approved."""
    counts = {"approved": 0, "rejected": 0}
    for number, validation in enumerate(_waiting()):
        if number % every == every - 1:
            field = "account_holder" if validation.payout_version_id else "legal_name"
            validations.reject(validation=validation, reasons=[(field, "holder_differs_from_legal_name", "")], by=by)
            counts["rejected"] += 1
        else:
            validations.approve(validation=validation, by=by)
            counts["approved"] += 1
    return counts


def _waiting() -> Iterator[Validation]:
    rows: Any = Validation.objects.filter(UNDECIDED, checked_at__isnull=False)
    return iter(
        list(rows.select_related("payout_version__profile", "tax_version__profile", "partner").order_by("submitted_at", "pk"))
    )
