"""What partners and reviewers do in the rehearsal: a realistic share accepts, submits, declines or never answers."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import islice
from uuid import UUID

from django.db import transaction

from accounts.models import User
from enrollment.derivation import among, lock_all, settle_all
from enrollment.derivation.sets import SIZE, stored
from enrollment.models import Enrollment
from enrollment.services import enrolling
from enrollment.status import Status
from incentives_portal.core import clock
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.fragments import Sql, sql
from profiles.models import PayoutProfile, PayoutProfileVersion, TaxProfile, TaxProfileVersion, Validation
from profiles.models.validation import UNDECIDED
from profiles.services import validations

# Of a hundred invitations: submitted, accepted and left, declined; the rest is never answered.
SHARES = {"submitted": 55, "accepted": 10, "declined": 5}


def answer_invitations(*, one_by_one: int, by: User, advance: Callable[[int], None]) -> dict[str, int]:
    """Answers what is invited. The first rows go the way of the pages, a service a step; the others in sets, by the same
    writer of the derived status and the same start of validations."""
    counts = dict.fromkeys(["submitted", "accepted", "declined", "unanswered", "one_by_one"], 0)
    invited = Enrollment.objects.filter(status=Status.INVITED).order_by("partner_id", "location_id", "pk")
    ids = iter(list(invited.values_list("pk", flat=True)))
    for pk in islice(ids, one_by_one):
        counts[_answer_one(Enrollment.objects.select_related("program", "location").get(pk=pk), by)] += 1
        counts["one_by_one"] += 1
        advance(1)
    while chunk := list(islice(ids, SIZE)):
        for outcome, count in _answer_together(chunk).items():
            counts[outcome] += count
        advance(len(chunk))
    return counts


def _what_comes_of(mpn_id: str, program_code: str) -> str:
    """Follows from the numbers of the location and the program, so that it is the same every time."""
    drawn = (int(mpn_id) * 31 + sum(map(ord, program_code)) * 17) % 100
    for outcome, share in SHARES.items():
        if drawn < share:
            return outcome
        drawn -= share
    return "unanswered"


def _answer_one(row: Enrollment, by: User) -> str:
    assert row.location is not None
    outcome = _what_comes_of(row.location.mpn_id, row.program.code)
    if outcome == "declined":
        enrolling.decline(enrollment_id=row.pk, by=by)
    elif outcome != "unanswered":
        enrolling.accept(enrollment_id=row.pk, by=by)
        tax = TaxProfile.objects.filter(location=row.location_id).first()
        if outcome == "submitted" and tax:
            payout = PayoutProfile.objects.get(partner=row.partner_id)
            enrolling.choose(
                enrollment_id=row.pk, payout_profile=payout, tax_profile=tax, currency=row.program.currencies[0], by=by
            )
            enrolling.submit(enrollment_id=row.pk, by=by)
        else:
            outcome = "accepted"
    return outcome


@transaction.atomic
def _answer_together(ids: list[UUID]) -> dict[str, int]:
    """Answers many at once and counts what came of them."""
    rows = Enrollment.objects.filter(pk__in=ids)
    # Profiles before enrollments, payout before tax, as everywhere in the portal.
    payouts = PayoutProfile.objects.filter(partner__in=rows.values("partner"))
    taxes = TaxProfile.objects.filter(location__in=rows.values("location"))
    list(payouts.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    taxed = {place for (place,) in taxes.select_for_update(no_key=True).order_by("pk").values_list("location_id")}
    lock_all(among(ids))
    answers: defaultdict[str, list[UUID]] = defaultdict(list)
    for pk, place, mpn_id, code in rows.values_list("pk", "location_id", "location__mpn_id", "program__code"):
        outcome = _what_comes_of(mpn_id, code)
        answers["accepted" if outcome == "submitted" and place not in taxed else outcome].append(pk)
    _start_validations(answers["submitted"])
    for outcome, facts in _facts_of(clock.now()).items():
        settle_all(stored(among(answers[outcome]), **facts), facts=tuple(facts), cause=outcome, by=SYSTEM)
    return {outcome: len(answered) for outcome, answered in answers.items()}


def _facts_of(now: dt.datetime) -> dict[str, dict[str, Sql]]:
    """What each answer leaves in the row."""
    at = sql("%s::timestamptz", now)
    chosen = {
        "payout_profile_id": Sql("(SELECT p.id FROM profiles_payoutprofile p WHERE p.partner_id = e.partner_id)"),
        "tax_profile_id": Sql("(SELECT t.id FROM profiles_taxprofile t WHERE t.location_id = e.location_id)"),
        "currency": Sql("(SELECT g.currencies[1] FROM enrollment_program g WHERE g.id = e.program_id)"),
    }
    return {
        "submitted": {"accepted_at": at, **chosen, "submitted_at": at},
        "accepted": {"accepted_at": at},
        "declined": {"declined_at": at},
    }


def _start_validations(submitted: list[UUID]) -> None:
    """Has the profiles validated by every paying entity that nobody has begun to validate them for."""
    rows = Enrollment.objects.filter(pk__in=submitted)
    for entity in rows.order_by("program__paying_entity").values_list("program__paying_entity", flat=True).distinct():
        theirs = rows.filter(program__paying_entity=entity)
        latest: list[PayoutProfileVersion | TaxProfileVersion] = [
            *PayoutProfileVersion.objects.filter(
                pk__in=PayoutProfile.objects.filter(partner__in=theirs.values("partner")).values("latest")
            )
            .exclude(validations__paying_entity=entity)
            .select_related("profile"),
            *TaxProfileVersion.objects.filter(
                pk__in=TaxProfile.objects.filter(location__in=theirs.values("location")).values("latest")
            )
            .exclude(validations__paying_entity=entity)
            .select_related("profile"),
        ]
        validations.start_all(latest, paying_entity=entity, by=SYSTEM)


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
    """Those that wait, some hundred at a time."""
    waiting = Validation.objects.filter(UNDECIDED, checked_at__isnull=False)
    ids = iter(list(waiting.order_by("submitted_at", "pk").values_list("pk", flat=True)))
    whole = Validation.objects.select_related("payout_version__profile", "tax_version__profile", "partner")
    while chunk := list(islice(ids, 500)):
        found = whole.in_bulk(chunk)
        yield from (found[pk] for pk in chunk)
