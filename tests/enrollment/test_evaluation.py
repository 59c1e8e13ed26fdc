"""Eligibility is evaluated daily and on demand, and kept as decisions with their inputs (rule ELI-2)."""

import datetime as dt
import random
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Location, Partner
from enrollment.derivation import differences
from enrollment.models import EligibilityDecision, Enrollment, Program
from enrollment.services.evaluation import evaluate
from enrollment.services.opening import open_year
from enrollment.status import Reason
from incentives_portal.core import clock
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.models import Run
from tests import factories as make
from tests.enrollment.feed_files import FeedFiles, answer
from tests.enrollment.plain_count import count

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ELI-2")]
RESELLER = [[{"kind": "agreement", "agreement": "cloud-reseller-agreement"}]]


def this_year() -> FiscalYear:
    return FiscalYear.of(clock.today())


def current(program: Program, location: Location) -> EligibilityDecision:
    return EligibilityDecision.objects.get(program=program, location=location, is_current=True)


@pytest.fixture
def reseller_program(db: None) -> Program:
    return make.ProgramFactory.create(asks=RESELLER)


class TestCountsOfAFeed:
    """The counts are those that a plain script gets from the same files."""

    def counts(self) -> dict[str, Any]:
        result = answer("evaluate_eligibility")
        assert result.pop("exit") == 0
        return result

    def test_of_the_demonstration(self) -> None:
        folder = Path(settings.BASE_DIR) / "incentives_portal" / "demo" / "feed"
        call_command("import_feed", str(folder), "--json")

        assert self.counts() == count(folder, clock.today().isoformat())

    @pytest.mark.parametrize("seed", range(3))
    @pytest.mark.rule("ELI-1")
    def test_of_a_random_feed(self, tmp_path: Path, seed: int) -> None:
        feed = random_feed(FeedFiles(tmp_path), random.Random(seed), clock.today())
        assert feed.import_()["error_count"] == 0

        expected = count(tmp_path, clock.today().isoformat())
        assert self.counts() == expected
        assert len({entry["eligible"] for entry in expected.values()}) > 2, "the feed tells programs apart"

    def test_of_another_day_stores_nothing(self, tmp_path: Path) -> None:
        feed = random_feed(FeedFiles(tmp_path), random.Random(9), clock.today())
        feed.import_()
        for days in (-500, 0, 400):
            day = (clock.today() + dt.timedelta(days=days)).isoformat()
            result = answer("evaluate_eligibility", "--on", day)
            assert result.pop("exit") == 0
            assert result == count(tmp_path, day)

        assert not EligibilityDecision.objects.exists() and not Enrollment.objects.exists()


def random_feed(feed: FeedFiles, chance: random.Random, today: dt.date) -> FeedFiles:
    """Fifteen partners with up to four locations, and terms that begin and end around today, today itself included."""

    def day(earliest: int, latest: int) -> str:
        return (today + dt.timedelta(days=chance.choice([earliest, -1, 0, 1, latest]))).isoformat()

    lines = {file: lines[:1] for file, lines in feed.lines.items()}
    for partner in range(15):
        migrated = chance.choice(["", day(-400, 30)])
        lines["partners.csv"].append(f"P{partner},Partner {partner},SE,en,{migrated},")
        for place in [f"L{partner}-{number}" for number in range(chance.randint(1, 4))]:
            country, active = chance.choice(["SE", "NO", "DE"]), chance.choice(["true", "true", "false"])
            lines["locations.csv"].append(f"{place},P{partner},Office {place},Town,{country},{active}")
            for area in chance.sample(["security", "modern-work"], chance.randint(0, 2)):
                expires = chance.choice(["", day(0, 90)])
                awarded = min(day(-300, 5), expires or "9999")
                lines["designations.csv"].append(
                    f"{place},{area},{chance.choice(['specialist', 'solutions-partner'])},{awarded},{expires}"
                )
            if chance.random() < 0.4:
                lines["agreements.csv"].append(f"P{partner},{place},hosting-agreement,{day(-300, 5)},")
        if chance.random() < 0.5:
            signed = day(-300, 5)
            lines["agreements.csv"].append(
                f"P{partner},,reseller-agreement,{signed},{chance.choice(['', max(signed, day(0, 90))])}"
            )
    feed.lines = lines
    feed.programs = [feed.programs[1]] + [_program(number, items) for number, items in enumerate(ASKED)]
    return feed


def _designation(area: str, level: str, held_by: str) -> dict[str, str]:
    return {"kind": "designation", "designation": area, "level": level, "held_by": held_by}


ASKED: list[list[list[dict[str, Any]]]] = [
    [[{"kind": "active_membership"}]],
    [[{"kind": "membership_migrated"}], [{"kind": "country", "countries": ["SE", "NO"]}]],
    [[{"kind": "agreement", "agreement": "reseller-agreement"}, {"kind": "agreement", "agreement": "hosting-agreement"}]],
    [[_designation("security", "specialist", "location"), _designation("modern-work", "specialist", "location")]],
    [[_designation("security", "specialist", "any_location")], [{"kind": "active_membership"}]],
    [[{"kind": "agreement", "agreement": "hosting-agreement"}], [_designation("modern-work", "solutions-partner", "any_location")]],
]


def _program(number: int, groups: list[list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "code": f"R{number}",
        "name": {"en": f"Program {number}", "sv": f"Program {number}"},
        "paying_entity": "Northwind Ireland Operations Ltd",
        "currencies": ["EUR"],
        "payment_methods": ["bank_transfer"],
        "fiscal_years": ["FY27"],
        "level": "pga" if number == 5 else "location",
        "eligibility": [{"title": {"en": "A", "sv": "B"}, "any_of": items} for items in groups],
        **({"discontinued_on": "2020-06-30"} if number == 4 else {}),
    }


class TestDecisions:
    def test_a_decision_is_kept_with_its_inputs(self, location: Location, reseller_program: Program) -> None:
        make.AgreementFactory.create(partner=location.partner, signed_on=dt.date(2024, 5, 1))
        evaluate(by=SYSTEM)

        decision = current(reseller_program, location)
        assert (decision.eligible, decision.rule_version, decision.partner) == (True, 1, location.partner)
        (group,) = decision.receipt["groups"]
        assert group["met"] and group["items"][0]["observed"] == {"signed_on": "2024-05-01", "ends_on": None}

    def test_the_same_again_moves_the_time_alone(self, location: Location, reseller_program: Program) -> None:
        evaluate(by=SYSTEM)
        first = current(reseller_program, location)
        clock.move(by=dt.timedelta(days=1))
        evaluate(by=SYSTEM)

        again = current(reseller_program, location)
        assert (again.pk, again.decided_at) == (first.pk, first.decided_at)
        assert again.evaluated_at - first.evaluated_at == dt.timedelta(days=1)
        assert EligibilityDecision.objects.count() == 1

    def test_another_outcome_is_a_new_decision_beside_the_old(self, location: Location, reseller_program: Program) -> None:
        evaluate(by=SYSTEM)
        make.AgreementFactory.create(partner=location.partner)
        evaluate(by=SYSTEM)

        kept = EligibilityDecision.objects.order_by("pk").values_list("eligible", "is_current")
        assert list(kept) == [(False, False), (True, True)]

    def test_other_inputs_of_the_same_outcome_are_a_new_decision(self, location: Location, reseller_program: Program) -> None:
        agreement = make.AgreementFactory.create(partner=location.partner)
        evaluate(by=SYSTEM)
        agreement.ends_on = dt.date(2099, 1, 1)
        agreement.save()
        evaluate(by=SYSTEM)

        assert list(EligibilityDecision.objects.values_list("eligible", flat=True)) == [True, True]
        assert current(reseller_program, location).receipt["groups"][0]["items"][0]["observed"]["ends_on"] == "2099-01-01"

    def test_another_version_of_the_rule_is_a_new_decision(self, location: Location, reseller_program: Program) -> None:
        evaluate(by=SYSTEM)
        Program.objects.update(rule_version=2)
        evaluate(by=SYSTEM)

        assert current(reseller_program, location).rule_version == 2

    @pytest.mark.rule("ELI-1")
    def test_an_agreement_of_one_location_is_not_the_others(
        self, location: Location, second_location: Location, other_location: Location, reseller_program: Program
    ) -> None:
        make.AgreementFactory.create(partner=location.partner, location=location)
        evaluate(by=SYSTEM)

        places = (location, second_location, other_location)
        assert [current(reseller_program, place).eligible for place in places] == [True, False, False]

    @pytest.mark.rule("ELI-1")
    def test_a_designation_of_any_location_stays_within_the_partner(
        self, location: Location, second_location: Location, other_location: Location
    ) -> None:
        item = {"kind": "designation", "designation": "modern-work", "level": "solutions-partner", "held_by": "any_location"}
        program = make.ProgramFactory.create(asks=[[item]])
        make.DesignationFactory.create(location=second_location)
        evaluate(by=SYSTEM, batch=1)

        places = (location, second_location, other_location)
        assert [current(program, place).eligible for place in places] == [True, True, False]

    def test_only_what_is_named_is_evaluated(
        self, location: Location, second_location: Location, reseller_program: Program
    ) -> None:
        make.ProgramFactory.create(code="OTHER")
        counts = evaluate(by=SYSTEM, program_codes=["OTHER"], location_ids=[location.pk])

        assert {code: one.as_json() for code, one in counts.items()} == {"OTHER": {"evaluated": 1, "eligible": 1}}
        assert list(EligibilityDecision.objects.values_list("program__code", "location")) == [("OTHER", location.pk)]


class TestEnrollments:
    def reason(self, location: Location) -> str:
        return Enrollment.objects.get(location=location).reason

    def test_the_year_opens_for_every_location_and_what_is_offered(
        self, location: Location, other_location: Location, reseller_program: Program
    ) -> None:
        make.ProgramFactory.create(code="LATER", years=[this_year().next.ends_in])
        make.ProgramFactory.create(code="OVER", discontinued=True)
        make.ProgramFactory.create(code="PGA", level="pga")

        assert open_year(fiscal_year=this_year(), by=SYSTEM) == 2
        assert set(Enrollment.objects.values_list("program__code", "location", "partner")) == {
            (reseller_program.code, place.pk, place.partner_id) for place in (location, other_location)
        }
        assert self.reason(location) == Reason.NOT_EVALUATED
        assert open_year(fiscal_year=this_year(), by=SYSTEM) == 0

    def test_a_new_location_is_added_to_the_open_year(
        self, location: Location, partner: Partner, reseller_program: Program
    ) -> None:
        open_year(fiscal_year=this_year(), by=SYSTEM)
        make.LocationFactory.create(partner=partner)

        assert open_year(fiscal_year=this_year(), by=SYSTEM) == 1

    def test_a_decision_reaches_the_enrollment(self, location: Location, reseller_program: Program) -> None:
        open_year(fiscal_year=this_year(), by=SYSTEM)
        evaluate(by=SYSTEM)
        assert self.reason(location) == Reason.NOT_ELIGIBLE

        make.AgreementFactory.create(partner=location.partner)
        evaluate(by=SYSTEM)
        assert self.reason(location) == Reason.INVITATION_DUE
        assert differences() == (1, [])

    @pytest.mark.rule("ELI-3")
    def test_who_is_enrolled_stays_so_to_the_years_end(self, location: Location, reseller_program: Program) -> None:
        row = make.EnrollmentFactory.create(
            location=location, program=reseller_program, invited_at=clock.now(), accepted_at=clock.now(), status="action_required"
        )
        evaluate(by=SYSTEM)
        row.refresh_from_db()

        assert not current(reseller_program, location).eligible
        assert row.status == "action_required"


class TestCommand:
    def test_it_opens_the_year_and_says_one_object_by_program(self, location: Location, reseller_program: Program) -> None:
        assert answer("evaluate_eligibility") == {reseller_program.code: {"evaluated": 1, "eligible": 0}, "exit": 0}
        assert Enrollment.objects.get().reason == Reason.NOT_ELIGIBLE
        assert Run.objects.get().outcome == Run.Outcome.DONE

    def test_people_read_lines(self, location: Location, reseller_program: Program, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("evaluate_eligibility", "--on", "2026-01-01", "--program", reseller_program.code)
        said = capsys.readouterr().out
        assert "0 of 1 locations are eligible" in said and "Nothing was stored" in said

    def test_an_unknown_program_is_refused(self, db: None) -> None:
        with pytest.raises(CommandError, match="No program is called NOPE"):
            call_command("evaluate_eligibility", "--program", "NOPE")


def test_the_number_of_queries_does_not_grow_with_locations(partner: Partner, reseller_program: Program) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            evaluate(by=SYSTEM)
        return len(captured)

    make.LocationFactory.create_batch(2, partner=partner)
    open_year(fiscal_year=this_year(), by=SYSTEM)
    evaluate(by=SYSTEM)
    few = queries()
    make.LocationFactory.create_batch(30, partner=partner)
    evaluate(by=SYSTEM)
    assert queries() == few
