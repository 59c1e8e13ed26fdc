"""Many at once (rule ENR-5): who can and who can't, one outcome for each, whatever happens in between."""

import uuid
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actor import actor_for
from accounts.models import Partner, RoleAssignment, User
from enrollment.bulk import Act, Choice
from enrollment.derivation import differences
from enrollment.models import BulkEnrollment, BulkEnrollmentRow, Enrollment
from enrollment.queries.bulk import Selection, preview
from enrollment.services import bulk, enrolling
from incentives_portal.core import clock
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.models import AuditEntry
from profiles.models import DefaultBankProfile
from profiles.services import payouts, taxes
from tests import factories as make
from tests.enrollment import stages
from tests.enrollment.many import invited, network, started

pytestmark = pytest.mark.rule("ENR-5")


@pytest.fixture
def ida(partner: Partner) -> User:
    """Incentives admin of the entire organization."""
    return make.person("Ida Norén", partner, make.INCENTIVES_ADMIN)


def outcomes(job: BulkEnrollment) -> Counter[str]:
    return Counter(job.rows.values_list("outcome", flat=True))


def everything(rows: list[Enrollment]) -> Selection:
    return Selection(ids=tuple(str(row.pk) for row in rows))


def test_each_is_submitted_with_its_locations_default(partner: Partner, ida: User) -> None:
    many = network(partner, ida, 5)
    job = started(ida, partner, many.rows)
    assert bulk.run_due() == 5
    job.refresh_from_db()
    assert job.finished_at and outcomes(job) == {"validating": 5}
    row = Enrollment.objects.get(pk=many.rows[0].pk)
    assert (row.payout_profile, row.currency, row.submitted_by) == (many.payout, "SEK", ida)
    assert row.tax_profile.location == row.location
    assert AuditEntry.objects.filter(act="enrollment.submitted", actor_id=ida.pk).count() == 5
    assert AuditEntry.objects.get(act="bulk.started").after == {"act": "enroll", "rows": 5}
    assert not differences()[1]
    assert bulk.run_due() == 0


def test_one_profile_for_all_goes_before_the_defaults(partner: Partner, ida: User) -> None:
    many = network(partner, ida, 2)
    other = stages.payout(many.places[0], ida, "Collection")
    started(ida, partner, many.rows, Choice(payout_id=other.pk, currency="EUR"))
    bulk.run_due()
    assert set(Enrollment.objects.values_list("payout_profile", "currency")) == {(other.pk, "EUR")}


@pytest.mark.parametrize(
    ("act", "status", "outcome"), [(Act.ACCEPT, "action_required", "accepted"), (Act.DECLINE, "inactive", "declined_now")]
)
def test_accepts_and_declines(partner: Partner, ida: User, act: Act, status: str, outcome: str) -> None:
    many = network(partner, ida, 2, with_defaults=False)
    job = started(ida, partner, many.rows, Choice(act))
    bulk.run_due()
    assert outcomes(job) == {outcome: 2}
    assert set(Enrollment.objects.values_list("status", flat=True)) == {status}


def test_the_preview_says_who_cannot_and_why(partner: Partner, ida: User) -> None:
    many = network(partner, ida, 8)
    (ready, submitted, declined, accepted, no_tax, two_taxes, no_default, frozen) = many.rows
    enrolling.decline(enrollment_id=declined.pk, by=ida)
    enrolling.accept(enrollment_id=accepted.pk, by=ida)
    enrolling.accept(enrollment_id=submitted.pk, by=ida)
    enrolling.submit(enrollment_id=submitted.pk, by=ida)
    taxes.archive(profile=no_tax.location.tax_profiles.get(), by=ida)
    stages.tax(two_taxes.location, ida, "Second")
    no_default.location.default_bank_profile.delete()
    payout = stages.payout(frozen.location, ida, "Frozen")
    type(payout).objects.filter(pk=payout.pk).update(frozen_at=clock.now())
    frozen.location.default_bank_profile.delete()
    DefaultBankProfile.objects.create(location=frozen.location, partner=partner, payout_profile=payout, currency="SEK")
    found = preview(actor_for(ida), everything(many.rows), Choice())
    assert [one.row for one in found.ready] == [ready, accepted]
    assert {code: [one.row for one in those] for code, those in found.others.items()} == {
        "submitted_before": [submitted],
        "declined": [declined],
        "tax_missing": [no_tax],
        "tax_several": [two_taxes],
        "payout_missing": [no_default],
        "payout_frozen": [frozen],
    }
    assert found.total == 8


def test_the_preview_takes_as_many_queries_for_60_as_for_3(partner: Partner, ida: User) -> None:
    many = network(partner, ida, 3)
    actor = actor_for(ida)

    def queries(rows: list[Enrollment]) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert preview(actor, everything(rows), Choice()).ready
        return len(captured)

    few = queries(many.rows)
    more = network(partner, ida, 57)
    assert queries([*many.rows, *more.rows]) == few <= 8


def test_a_role_that_ends_in_between_is_asked_again_for_each_row(partner: Partner, ida: User) -> None:
    many = network(partner, ida, 3)
    job = started(ida, partner, many.rows)
    RoleAssignment.objects.filter(membership__user=ida).update(ended_at=clock.now())
    bulk.run_due()
    assert outcomes(job) == {"out_of_scope": 3}
    assert not Enrollment.objects.exclude(accepted_at=None).exists()


def test_who_left_does_nothing_any_more(partner: Partner, ida: User) -> None:
    many = network(partner, ida, 1)
    job = started(ida, partner, many.rows)
    ida.memberships.update(suspended_at=clock.now())
    bulk.run_due()
    assert outcomes(job) == {"out_of_scope": 1}


def test_what_a_colleague_did_meanwhile_is_left_as_it_is(partner: Partner, ida: User) -> None:
    many = network(partner, ida, 5)
    colleague = make.person("Kim Ek", partner, make.INCENTIVES_ADMIN)
    other = stages.payout(many.places[0], ida, "Other")
    job = started(ida, partner, many.rows)
    declined, accepted, submitted, default_moved, untouched = many.rows
    enrolling.decline(enrollment_id=declined.pk, by=colleague)
    enrolling.accept(enrollment_id=accepted.pk, by=colleague)
    enrolling.accept(enrollment_id=submitted.pk, by=colleague)
    enrolling.submit(enrollment_id=submitted.pk, by=colleague)
    default_moved.location.default_bank_profile.payout_profile = other
    default_moved.location.default_bank_profile.save()
    bulk.run_due()
    assert dict(job.rows.values_list("enrollment", "outcome")) == {
        declined.pk: "declined",
        accepted.pk: "overtaken",
        submitted.pk: "submitted_before",
        default_moved.pk: "overtaken",
        untouched.pk: "validating",
    }


def test_a_profile_that_is_archived_in_between_is_not_paid_to(partner: Partner, ida: User) -> None:
    many = network(partner, ida, 1, with_defaults=False)
    job = started(ida, partner, many.rows, Choice(payout_id=many.payout.pk, currency="SEK"))
    payouts.archive(profile=many.payout, by=SYSTEM)
    bulk.run_due()
    assert outcomes(job) == {"payout_archived": 1}


def test_profiles_that_are_validated_enroll_at_once(partner: Partner, ida: User, rita: User) -> None:
    many = network(partner, ida, 2)
    first = started(ida, partner, many.rows[:1])
    bulk.run_due()
    stages.decided(Enrollment.objects.get(pk=many.rows[0].pk), rita)
    row = invited(make.ProgramFactory.create(open=True), many.places[:1])
    job = started(ida, partner, row)
    bulk.run_due()
    assert outcomes(first) == {"validating": 1} and outcomes(job) == {"enrolled": 1}


def test_the_same_key_starts_one_job(partner: Partner, ida: User) -> None:
    many = network(partner, ida, 2)
    seen = preview(actor_for(ida), everything(many.rows), Choice())
    wanted, key = [bulk.Wanted(one.row, one.verdict) for one in seen.ready], uuid.uuid4()
    jobs = {bulk.start(partner=partner, key=key, choice=Choice(), wanted=wanted, by=ida).pk for _ in range(3)}
    assert len(jobs) == 1 and BulkEnrollmentRow.objects.count() == 2


def test_one_row_that_breaks_holds_up_no_other(partner: Partner, ida: User, monkeypatch: pytest.MonkeyPatch) -> None:
    many = network(partner, ida, 3)
    job = started(ida, partner, many.rows)
    broken, submit = many.rows[1].pk, enrolling.submit

    def breaks(*, enrollment_id: uuid.UUID, by: User) -> Enrollment:
        if enrollment_id == broken:
            raise ZeroDivisionError
        return submit(enrollment_id=enrollment_id, by=by)

    monkeypatch.setattr(enrolling, "submit", breaks)
    bulk.run_due()
    assert outcomes(job) == {"validating": 2, "error": 1}
    assert Enrollment.objects.get(pk=broken).accepted_at is None
    again = preview(actor_for(ida), Selection(again=str(job.pk)), Choice())
    assert [one.row.pk for one in again.ready] == [broken]


def test_small_jobs_do_not_wait_behind_large_ones(partner: Partner, ida: User) -> None:
    many = network(partner, ida, 30)
    large, small = started(ida, partner, many.rows[:28]), started(ida, partner, many.rows[28:])
    bulk.run_due(patience=0)
    assert outcomes(large) == {"validating": 20, "": 8} and outcomes(small) == {"validating": 2}
    small.refresh_from_db()
    assert small.finished_at
