"""The year ends, and enrollments go on (rules FIS-2, FIS-3)."""

import datetime as dt
import threading
import time
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Location, User
from enrollment import derivation, tasks
from enrollment.errors import RefusedError
from enrollment.models import EndReason, Enrollment, FiscalYearOffer, Notice, Program, RolloverPlan
from enrollment.ranges import cut
from enrollment.services import daily, enrolling, rollover
from enrollment.services.invitations import invite_due
from enrollment.services.opening import open_year
from enrollment.services.rollover import ranges, turning
from incentives_portal.core import clock
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.models import AuditEntry, Mail
from profiles.models import Validation
from tests import factories as make
from tests.enrollment import journeys
from tests.side_by_side import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.rule("FIS-3")]


@pytest.fixture
def program(db: None) -> Program:
    return make.ProgramFactory.create(currencies=["SEK"])


@pytest.fixture
def year(db: None) -> FiscalYear:
    """The year that ends."""
    return FiscalYear.of(clock.today())


@pytest.fixture
def enrolled(program: Program, location: Location, ines: User, rita: User) -> Enrollment:
    return journeys.enrolled(program, location, ines, rita)


def end_of(year: FiscalYear) -> None:
    clock.move_to(clock.start_of(year.next.first_day) + dt.timedelta(minutes=5))


def approved(year: FiscalYear, petra: User, pelle: User) -> RolloverPlan:
    return rollover.approve(plan=rollover.plan(fiscal_year=year, by=petra), by=pelle)


def following(row: Enrollment) -> Enrollment:
    return Enrollment.objects.get(program=row.program, location=row.location, fiscal_year=row.fiscal_year + 1)


def assert_derived() -> None:
    checked, wrong = derivation.differences()
    assert checked
    assert not wrong


@pytest.mark.rule("FIS-2")
def test_an_enrollment_continues_without_anybody_doing_anything(
    enrolled: Enrollment, year: FiscalYear, petra: User, pelle: User, ines: User
) -> None:
    plan = approved(year, petra, pelle)
    end_of(year)
    mails = Mail.objects.count()
    applied = rollover.apply(plan=plan, by=petra)
    enrolled.refresh_from_db()
    new = following(enrolled)
    assert applied.as_json() == {"continued": 1, "held": 0, "ended": 0, "unanswered": 0, "left_alone": 0, "late": 0}
    assert (enrolled.status, enrolled.end_reason) == ("inactive", EndReason.YEAR_ENDED)
    assert (new.status, new.continued_from, new.accepted_by) == ("enrolled", enrolled, ines)
    assert (new.payout_profile, new.tax_profile, new.currency) == (enrolled.payout_profile, enrolled.tax_profile, "SEK")
    assert new.changes.get(after="enrolled").cause == "continued"
    assert Mail.objects.count() == mails, "nothing to tell"
    assert AuditEntry.objects.filter(act__in=["enrollment.ended", "enrollment.continued", "rollover.applied"]).count() == 3
    assert_derived()


@pytest.mark.rule("FIS-2")
def test_what_is_incomplete_goes_on_as_action_required(
    program: Program, location: Location, ines: User, year: FiscalYear, petra: User, pelle: User, settings: Any
) -> None:
    row = journeys.accepted(program, location, ines)
    plan = approved(year, petra, pelle)
    assert plan.lines.get().verdict == "hold"
    end_of(year)
    assert rollover.apply(plan=plan, by=petra).held == 1
    new = following(row)
    assert new.status == "action_required"
    assert Notice.objects.get(kind=Notice.Kind.HELD).enrollment == new
    mail = Mail.objects.get(kind="year_end")
    assert mail.subject == f"1 enrollment continued into {year.next} lacks something"
    assert f"No payout profile is chosen yet.\n  {settings.PORTAL_URL}/incentives/{new.pk}/" in mail.text
    assert {item["key"] for item in new.requirements if item["turn"] == "partner"} == {"payout", "tax", "submit"}
    enrolling.choose(
        enrollment_id=new.pk,
        payout_profile=journeys.bank(location, ines),
        tax_profile=journeys.tax(location, ines),
        currency="SEK",
        by=ines,
    )
    assert enrolling.submit(enrollment_id=new.pk, by=ines).status == "validating"


@pytest.mark.rule("FIS-2")
def test_a_tax_form_that_ends_with_the_year_is_held(
    program: Program, location: Location, ines: User, rita: User, year: FiscalYear, petra: User, pelle: User
) -> None:
    row = journeys.enrolled(program, location, ines, rita, expires_on=year.last_day)
    plan = approved(year, petra, pelle)
    end_of(year)
    assert rollover.apply(plan=plan, by=petra).held == 1
    assert "tax_expired" in {item.get("reason") for item in following(row).requirements}


@pytest.mark.rule("FIS-2", "ELI-3")
def test_a_location_that_is_no_longer_eligible_keeps_its_year_and_no_more(
    enrolled: Enrollment, location: Location, year: FiscalYear, petra: User, pelle: User, ines: User
) -> None:
    location.membership_active = False
    location.save()
    daily.evaluate_and_invite()
    enrolled.refresh_from_db()
    assert enrolled.status == "enrolled", "to the year's end"
    plan = approved(year, petra, pelle)
    end_of(year)
    assert rollover.apply(plan=plan, by=petra).ended == 1
    enrolled.refresh_from_db()
    assert (enrolled.status, enrolled.reason) == ("inactive", "not_eligible")
    assert following(enrolled).status == "inactive"
    assert following(enrolled).accepted_at is None
    assert Notice.objects.get(kind=Notice.Kind.NOT_CONTINUED).user == ines
    mail = Mail.objects.get(kind="year_end")
    assert mail.to == ines.email
    assert mail.subject == f"1 enrollment is not continued into {year.next}"
    assert f"{location.name} · {location.mpn_id} · {enrolled.program.name}\n  The location doesn't meet" in mail.text


@pytest.mark.rule("FIS-2")
def test_an_agreement_that_ends_with_the_year_does_not_carry_into_the_next(
    location: Location, ines: User, rita: User, year: FiscalYear, petra: User
) -> None:
    program = make.ProgramFactory.create(asks=[[{"kind": "agreement", "agreement": "cloud-reseller-agreement"}]])
    make.AgreementFactory.create(partner=location.partner, ends_on=year.last_day)
    journeys.enrolled(program, location, ines, rita)
    assert rollover.plan(fiscal_year=year, by=petra).lines.get().reason == "not_eligible"
    make.AgreementFactory.create(partner=location.partner, signed_on=year.last_day)
    assert rollover.plan(fiscal_year=year, by=petra).lines.get().verdict == "continue"


@pytest.mark.rule("FIS-2")
def test_a_program_that_is_not_offered_again_ends(enrolled: Enrollment, year: FiscalYear, petra: User, pelle: User) -> None:
    FiscalYearOffer.objects.filter(program=enrolled.program, fiscal_year=year.next.ends_in).delete()
    plan = approved(year, petra, pelle)
    end_of(year)
    assert rollover.apply(plan=plan, by=petra).ended == 1
    enrolled.refresh_from_db()
    assert (enrolled.reason, Mail.objects.filter(kind="year_end").count()) == ("not_offered", 1)


def test_a_program_that_goes_after_the_plan_was_approved_ends_too(
    enrolled: Enrollment, year: FiscalYear, petra: User, pelle: User
) -> None:
    plan = approved(year, petra, pelle)
    FiscalYearOffer.objects.filter(program=enrolled.program, fiscal_year=year.next.ends_in).delete()
    end_of(year)
    assert rollover.apply(plan=plan, by=petra).ended == 1
    enrolled.refresh_from_db()
    assert enrolled.reason == "not_offered"


def test_enrollments_of_a_partner_global_account_end_as_history(
    location: Location, year: FiscalYear, petra: User, pelle: User
) -> None:
    program = make.ProgramFactory.create(level="pga")
    now = clock.now()
    row = Enrollment.objects.create(
        partner=location.partner, program=program, fiscal_year=year.ends_in, invited_at=now, accepted_at=now
    )
    derivation.rederive([row.pk], cause="imported")
    plan = approved(year, petra, pelle)
    end_of(year)
    assert rollover.apply(plan=plan, by=petra).ended == 1
    row.refresh_from_db()
    assert row.end_reason == "pga_history"


def test_a_plan_changes_nothing(enrolled: Enrollment, year: FiscalYear, petra: User) -> None:
    before = Enrollment.objects.filter(pk=enrolled.pk).values().get()
    plan = rollover.plan(fiscal_year=year, by=petra)
    assert rollover.summary(plan) == {"verdicts": {"continue": 1, "hold": 0, "end": 0}, "reasons": {}}
    assert Enrollment.objects.filter(pk=enrolled.pk).values().get() == before
    assert Enrollment.objects.count() == 1


def test_planning_asks_a_fixed_number_of_questions(
    program: Program, location: Location, ines: User, rita: User, year: FiscalYear, petra: User
) -> None:
    def questions() -> int:
        with CaptureQueriesContext(connection) as queries:
            rollover.plan(fiscal_year=year, by=petra)
        return len(queries)

    journeys.enrolled(program, location, ines, rita)
    one = questions()
    for place in make.LocationFactory.create_batch(4, partner=location.partner):
        journeys.enrolled(program, place, ines, rita)
    assert Enrollment.objects.filter(status="enrolled").count() == 5
    assert questions() == one


def test_nobody_approves_their_own_plan(enrolled: Enrollment, year: FiscalYear, petra: User, pelle: User) -> None:
    plan = rollover.plan(fiscal_year=year, by=petra)
    with pytest.raises(RefusedError):
        rollover.approve(plan=plan, by=petra)
    assert rollover.approve(plan=plan, by=pelle).approved_by == pelle
    with pytest.raises(RefusedError):
        rollover.approve(plan=rollover.plan(fiscal_year=year, by=petra), by=pelle)


@pytest.mark.django_db(transaction=True)
def test_of_two_plans_approved_at_once_one_is_refused_in_words(
    enrolled: Enrollment, year: FiscalYear, petra: User, pelle: User
) -> None:
    plans = [rollover.plan(fiscal_year=year, by=petra) for _ in range(2)]
    is_approved = threading.Event()

    def first() -> None:
        with transaction.atomic():
            rollover.approve(plan=plans[0], by=pelle)
            is_approved.set()
            time.sleep(2)  # the other one waits for us

    def second() -> None:
        assert is_approved.wait(60)
        with pytest.raises(RefusedError, match="approved already"):
            rollover.approve(plan=plans[1], by=pelle)

    at_once(first, second)
    assert RolloverPlan.objects.get(approved_at__isnull=False) == plans[0]


def test_nothing_is_applied_without_approval_or_before_the_year_is_over(
    enrolled: Enrollment, year: FiscalYear, petra: User, pelle: User
) -> None:
    plan = rollover.plan(fiscal_year=year, by=petra)
    end_of(year)
    with pytest.raises(RefusedError):
        rollover.apply(plan=plan, by=petra)
    plan = rollover.approve(plan=plan, by=pelle)
    clock.move_to(clock.start_of(year.next.first_day) - dt.timedelta(seconds=1))
    with pytest.raises(RefusedError):
        rollover.apply(plan=plan, by=petra)


def test_twice_is_the_same_as_once(enrolled: Enrollment, year: FiscalYear, petra: User, pelle: User) -> None:
    plan = approved(year, petra, pelle)
    end_of(year)
    rollover.apply(plan=plan, by=petra)
    before = list(Enrollment.objects.order_by("pk").values())
    again = rollover.apply(plan=plan, by=petra)
    assert not any(again.as_json().values())
    assert list(Enrollment.objects.order_by("pk").values()) == before
    assert AuditEntry.objects.filter(act="rollover.applied").count() == 1


def test_it_can_run_months_later(enrolled: Enrollment, year: FiscalYear, petra: User, pelle: User) -> None:
    clock.move_to(clock.start_of(year.next.first_day) + dt.timedelta(days=150))
    derivation.rederive_due()
    enrolled.refresh_from_db()
    assert (enrolled.status, enrolled.reason) == ("inactive", "year_ended")
    plan = approved(year, petra, pelle)
    assert rollover.apply(plan=plan, by=petra).continued == 1
    assert following(enrolled).status == "enrolled"


def test_what_was_accepted_after_the_planning_is_judged_by_the_same_rule(
    program: Program, location: Location, ines: User, year: FiscalYear, petra: User, pelle: User
) -> None:
    plan = approved(year, petra, pelle)
    assert not plan.lines.exists()
    row = journeys.accepted(program, location, ines)
    end_of(year)
    applied = rollover.apply(plan=plan, by=petra)
    assert (applied.late, applied.held) == (1, 1)
    assert following(row).status == "action_required"


def test_what_came_to_another_end_meanwhile_is_left_alone(enrolled: Enrollment, year: FiscalYear, petra: User, pelle: User) -> None:
    plan = approved(year, petra, pelle)
    (row,) = derivation.lock([enrolled.pk])
    row.ended_at, row.end_reason = clock.now(), EndReason.WITHDRAWN
    derivation.settle([row], facts=("ended_at", "end_reason"), cause="withdrawn", by=SYSTEM)
    end_of(year)
    assert rollover.apply(plan=plan, by=petra).left_alone == 1
    row.refresh_from_db()
    assert row.end_reason == "withdrawn"
    assert following(row).accepted_at is None


@pytest.mark.rule("INV-1")
def test_an_unanswered_invitation_ends_with_its_year_and_a_new_one_follows(
    program: Program, location: Location, ines: User, year: FiscalYear, petra: User, pelle: User
) -> None:
    row = journeys.invited(program, location)
    plan = approved(year, petra, pelle)
    end_of(year)
    open_year(fiscal_year=year.next, by=SYSTEM)
    assert invite_due() == 0, "while the old one is live"
    assert rollover.apply(plan=plan, by=petra).unanswered == 1
    row.refresh_from_db()
    assert row.end_reason == "year_ended"
    assert invite_due() == 1
    assert following(row).status == "invited"
    assert Mail.objects.filter(kind="invitation").count() == 2
    assert not Mail.objects.filter(kind="year_end").exists()


@pytest.mark.rule("INV-1")
def test_who_is_enrolled_is_not_invited_to_the_next_year(enrolled: Enrollment, year: FiscalYear) -> None:
    end_of(year)
    daily.evaluate_and_invite()
    assert (following(enrolled).status, following(enrolled).reason) == ("inactive", "invitation_due")


def test_a_program_that_pays_through_another_entity_now_validates_anew(
    enrolled: Enrollment, year: FiscalYear, petra: User, pelle: User
) -> None:
    plan = approved(year, petra, pelle)
    end_of(year)
    Program.objects.update(paying_entity="Northwind Corporation")
    rollover.apply(plan=plan, by=petra)
    assert following(enrolled).status == "validating"
    assert Validation.objects.filter(paying_entity="Northwind Corporation", decision="").count() == 2
    assert_derived()


def test_the_task_applies_what_is_approved_and_nothing_else(
    enrolled: Enrollment, year: FiscalYear, petra: User, pelle: User, settings: Any
) -> None:
    settings.ROLLOVER_AUTOMATIC = False
    plan = rollover.plan(fiscal_year=year, by=petra)
    end_of(year)
    tasks.continue_fiscal_year()
    assert not Enrollment.objects.filter(continued_from=enrolled).exists()
    rollover.approve(plan=plan, by=pelle)
    tasks.continue_fiscal_year()
    assert following(enrolled).status == "enrolled"


def test_the_demonstration_continues_by_itself_however_many_years_pass(
    enrolled: Enrollment, year: FiscalYear, settings: Any
) -> None:
    settings.ROLLOVER_AUTOMATIC = True
    tasks.continue_fiscal_year()
    assert not RolloverPlan.objects.exists(), "not before the year's end"
    FiscalYearOffer.objects.create(program=enrolled.program, fiscal_year=year.next.next.ends_in)
    end_of(year.next)
    tasks.continue_fiscal_year()
    assert following(following(enrolled)).status == "enrolled"
    tasks.continue_fiscal_year()
    assert RolloverPlan.objects.filter(applied_at__isnull=False).count() == 2
    assert_derived()


@pytest.mark.django_db(transaction=True)
def test_a_run_that_dies_between_chunks_is_taken_up_again(
    program: Program, location: Location, ines: User, rita: User, petra: User, pelle: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    year = FiscalYear.of(clock.today())
    rows = [
        journeys.enrolled(program, place, ines, rita)
        for place in [location, *make.LocationFactory.create_batch(4, partner=location.partner)]
    ]
    monkeypatch.setattr(ranges, "cut", lambda size: cut(2))
    plan = approved(year, petra, pelle)
    shift = clock.shift()
    end_of(year)
    try:
        derivation.rederive_due()
        record, parts = turning.record, iter(range(100))

        def die_in_the_third(*arguments: Any, **named: Any) -> None:
            record(*arguments, **named)
            if next(parts) == 2:
                raise SystemExit

        monkeypatch.setattr(turning, "record", die_in_the_third)
        with pytest.raises(SystemExit):
            rollover.apply(plan=plan, by=petra)
        assert Enrollment.objects.filter(continued_from__isnull=False).count() == 2
        assert_derived()
        assert rollover.apply(plan=plan, by=petra).continued == 3
        assert rollover.report(plan).continued == 5
        assert Enrollment.objects.filter(continued_from__in=rows, status="enrolled").count() == 5
        assert_derived()
    finally:
        clock.move(by=shift - clock.shift())
