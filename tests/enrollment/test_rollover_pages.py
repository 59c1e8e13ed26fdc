"""Program managers read a plan, compare, approve, start and pause it; partners see before the year ends what would not go on."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Location, User
from enrollment import derivation, tasks
from enrollment.models import Enrollment, FiscalYearOffer, Program, RolloverLine, RolloverPlan
from enrollment.services import rollover
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear
from tests import factories as make
from tests.enrollment import journeys
from tests.enrollment.test_rollover import end_of

pytestmark = [pytest.mark.django_db, pytest.mark.rule("FIS-3")]
As = Callable[[User], Client]


@pytest.fixture
def year(db: None) -> FiscalYear:
    return FiscalYear.of(clock.today())


@pytest.fixture
def program(db: None) -> Program:
    return make.ProgramFactory.create(currencies=["SEK"])


@pytest.fixture
def enrolled(program: Program, location: Location, ines: User, rita: User) -> Enrollment:
    return journeys.enrolled(program, location, ines, rita)


def page(client: Client, name: str, *args: Any, query: str = "") -> str:
    response = client.get(reverse(name, args=args) + query)
    assert response.status_code == 200
    return response.content.decode()


def test_a_plan_is_made_by_a_worker_and_read(
    enrolled: Enrollment, year: FiscalYear, as_: As, petra: User, pelle: User, settings: Any
) -> None:
    settings.ROLLOVER_AUTOMATIC = False
    made = as_(petra).post(reverse("rollovers"), {"year": str(year)})
    plan = RolloverPlan.objects.get()
    assert made.url == reverse("rollover", args=[plan.pk])
    assert "Being made" in page(as_(petra), "rollover", plan.pk)
    tasks.continue_fiscal_year()
    own = page(as_(petra), "rollover", plan.pk)
    assert "You made this plan" in own and "Approve this plan" not in own
    assert "Approve this plan" in page(as_(pelle), "rollover", plan.pk)
    # On a phone each number stands beside its heading.
    assert {'data-label="Carried over"', 'data-label="Incomplete"', 'data-label="Total"'} <= set(
        re.findall('data-label="[^"]+"', own)
    )
    assert str(enrolled.location) in page(as_(pelle), "rollover_lines", plan.pk)
    assert str(plan) in page(as_(pelle), "rollovers")


def test_it_says_what_changed_since_the_last_plan(
    enrolled: Enrollment, location: Location, year: FiscalYear, as_: As, petra: User
) -> None:
    rollover.plan(fiscal_year=year, by=petra)
    same = rollover.plan(fiscal_year=year, by=petra)
    assert same.changes == []
    FiscalYearOffer.objects.filter(program=enrolled.program, fiscal_year=year.next.ends_in).delete()
    other = make.ProgramFactory.create(currencies=["SEK"])
    late = make.EnrollmentFactory.create(location=location, program=other, invited_at=clock.now(), accepted_at=clock.now())
    plan = rollover.plan(fiscal_year=year, by=petra)
    assert {(one["program"], one["was"], one["verdict"], one["reason"], one["number"]) for one in plan.changes} == {
        (enrolled.program.code, "continue:", "end", "not_offered", 1),
        (other.code, RolloverLine.NEW, "hold", "incomplete", 1),
    }
    text = page(as_(petra), "rollover", plan.pk)
    assert "Not in the plan before" in text and "Ends: the program isn’t offered" in text.replace("&#x27;", "’")
    assert str(late.program.name) in page(as_(petra), "rollover_lines", plan.pk, query="?changed=1")


def test_lines_are_narrowed_and_exported(enrolled: Enrollment, ines: User, year: FiscalYear, as_: As, petra: User) -> None:
    place = make.LocationFactory.create(partner=enrolled.partner, name="=cmd Luleå")
    held = journeys.accepted(enrolled.program, place, make.person("Ida Ek", enrolled.partner, make.INCENTIVES_ADMIN))
    plan = rollover.plan(fiscal_year=year, by=petra)
    client = as_(petra)
    for query, expected in [
        ("", {enrolled, held}),
        ("?verdict=hold&reason=incomplete", {held}),
        (f"?program={enrolled.program.code}&verdict=continue&reason=", {enrolled}),
        (f"?q={place.mpn_id}", {held}),
        ("?reason=nonsense&verdict=x&page=9", {enrolled, held}),
        ("?changed=1", set()),
    ]:
        text = page(client, "rollover_lines", plan.pk, query=query)
        assert {row for row in (enrolled, held) if str(row.pk) in text} == expected, query
    file = b"".join(client.get(reverse("rollover_export", args=[plan.pk]) + "?verdict=hold")).decode()  # type: ignore[arg-type]
    assert len(file.splitlines()) == 2
    assert "'=cmd Luleå" in file


def test_pages_of_a_plan_ask_a_fixed_number_of_questions(
    enrolled: Enrollment, year: FiscalYear, as_: As, petra: User, ines: User
) -> None:
    client = as_(petra)

    def questions() -> list[int]:
        plan = rollover.plan(fiscal_year=year, by=petra)
        counts = []
        for name in ("rollover", "rollover_lines"):
            with CaptureQueriesContext(connection) as queries:
                page(client, name, plan.pk)
            counts.append(len(queries))
        return counts

    questions()
    few = questions()
    admin = make.person("Ida Ek", enrolled.partner, make.INCENTIVES_ADMIN)
    for place in make.LocationFactory.create_batch(6, partner=enrolled.partner):
        journeys.accepted(make.ProgramFactory.create(), place, admin)
    assert questions() == few


def test_a_second_program_manager_approves_and_workers_apply(
    enrolled: Enrollment, year: FiscalYear, as_: As, petra: User, pelle: User, settings: Any
) -> None:
    settings.ROLLOVER_AUTOMATIC = False
    plan = rollover.plan(fiscal_year=year, by=petra)
    as_(petra).post(reverse("rollover_approve", args=[plan.pk]))
    plan.refresh_from_db()
    assert plan.approved_at is None
    as_(pelle).post(reverse("rollover_approve", args=[plan.pk]))
    early = as_(pelle).post(reverse("rollover_start", args=[plan.pk]), follow=True)
    assert "is not over yet" in early.content.decode()
    end_of(year)
    as_(pelle).post(reverse("rollover_pause", args=[plan.pk]))
    tasks.continue_fiscal_year()
    assert not Enrollment.objects.filter(continued_from=enrolled).exists(), "paused"
    assert "Paused" in page(as_(pelle), "rollover", plan.pk)
    as_(pelle).post(reverse("rollover_start", args=[plan.pk]))
    running = page(as_(pelle), "rollover", plan.pk)
    assert "0 of 1 parts done" in running and "every 2s" in running
    tasks.continue_fiscal_year()
    assert Enrollment.objects.get(continued_from=enrolled).status == "enrolled"
    done = page(as_(pelle), "rollover", plan.pk)
    assert "Applied" in done and "every 2s" not in done


def test_the_page_asks_again_only_while_something_moves(enrolled: Enrollment, year: FiscalYear, as_: As, petra: User) -> None:
    plan = rollover.begin(fiscal_year=year, by=petra)
    path = reverse("rollover", args=[plan.pk])
    client = as_(petra)
    assert client.get(f"{path}?seen=planning-0-0", headers={"HX-Request": "true"}).status_code == 204
    assert b"0 of 1 parts done" in client.get(f"{path}?seen=planning-9-0", headers={"HX-Request": "true"}).content
    rollover.finish(plan)
    ready = client.get(f"{path}?seen=planning-0-0", headers={"HX-Request": "true"})
    assert (ready.status_code, ready.headers["HX-Refresh"]) == (204, "true")


class TestRenewal:
    """Ninety days before the end (rule FIS-4)."""

    pytestmark = pytest.mark.rule("FIS-4")

    def test_the_end_is_told_of_ninety_days_before(self, enrolled: Enrollment, year: FiscalYear, as_: As, ines: User) -> None:
        clock.move_to(clock.start_of(year.last_day - dt.timedelta(days=91)))
        assert "would not be renewed" not in page(as_(ines), "home")
        clock.move_to(clock.start_of(year.last_day - dt.timedelta(days=89)))
        assert "See what would not be renewed" in page(as_(ines), "home")
        assert "See what would not be renewed" in page(as_(ines), "overview")
        assert "Everything would go on" in page(as_(ines), "renewal")

    def test_an_agreement_that_ends_with_the_year_is_named(
        self, location: Location, ines: User, ulf: User, rita: User, year: FiscalYear, as_: As
    ) -> None:
        program = make.ProgramFactory.create(asks=[[{"kind": "agreement", "agreement": "cloud-reseller-agreement"}]])
        make.AgreementFactory.create(partner=location.partner, ends_on=year.last_day)
        row = journeys.enrolled(program, location, ines, rita)
        for person in (ines, ulf):
            text = page(as_(person), "renewal")
            assert f"On 1 July {year.last_day.year} the location won&#x27;t meet: Requirement" in text
            assert reverse("eligibility", args=[row.pk]) in text

    def test_what_lacks_something_has_the_link_that_mends_it_for_who_may(
        self, program: Program, location: Location, ines: User, ulf: User, rita: User, year: FiscalYear, as_: As
    ) -> None:
        row = journeys.accepted(program, location, ines)
        assert f'href="{reverse("enroll", args=[row.pk])}"' in page(as_(ines), "renewal")
        reading = page(as_(ulf), "renewal")
        assert f'href="{reverse("enroll", args=[row.pk])}"' not in reading
        assert "Ines Duarte can" in reading

    def test_a_tax_form_that_ends_with_the_year_is_renewed_in_time(
        self, program: Program, location: Location, ines: User, rita: User, year: FiscalYear, as_: As
    ) -> None:
        row = journeys.enrolled(program, location, ines, rita, expires_on=year.last_day)
        text = page(as_(ines), "renewal")
        assert "Renew the tax profile" in text
        assert reverse("tax_edit", args=[row.tax_profile_id]) in text

    def test_others_are_not_listed(
        self, enrolled: Enrollment, second_location: Location, year: FiscalYear, as_: As, otto: User
    ) -> None:
        admin = make.person("Ida Ek", enrolled.partner, make.INCENTIVES_ADMIN, second_location)
        FiscalYearOffer.objects.filter(fiscal_year=year.next.ends_in).delete()
        assert str(enrolled.pk) not in page(as_(otto), "renewal")
        assert str(enrolled.pk) not in page(as_(admin), "renewal"), "another location"


@pytest.mark.rule("STA-1")
def test_the_history_of_a_partner_global_account_stands_as_inactive(
    location: Location, year: FiscalYear, as_: As, gunnar: User, petra: User, pelle: User
) -> None:
    """Whatever was known of it, and through the year's end."""
    program, now = make.ProgramFactory.create(level="pga"), clock.now()
    terms = {"partner": location.partner, "program": program, "invited_at": now, "accepted_at": now}
    rows = [Enrollment.objects.create(fiscal_year=number, **terms) for number in (year.previous.ends_in, year.ends_in)]
    derivation.rederive([row.pk for row in rows], cause="imported")
    end_of(year)
    rollover.apply(plan=rollover.approve(plan=rollover.plan(fiscal_year=year, by=petra), by=pelle), by=petra)
    for row in rows:
        row.refresh_from_db()
        assert (row.status, row.reason, row.requirements) == ("inactive", "pga_history", [])
        assert "Inactive" in page(as_(gunnar), "enrollment", row.pk)
    assert not Enrollment.objects.filter(program=program, fiscal_year=year.next.ends_in).exists()
