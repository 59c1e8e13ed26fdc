"""Ines opens Incentives → Overview."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actor import actor_for
from accounts.models import Location, Partner, User
from enrollment.models import Enrollment
from enrollment.policy import may_enroll
from enrollment.queries.overview import as_read_by
from enrollment.status import ShownStatus, shown_to
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear
from tests import factories as make
from tests.enrollment import stages

As = Callable[[User], Client]
URL = "/incentives/"


def page(client: Client, **query: str) -> str:
    response = client.get(URL, query)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.rule("STA-1")
def test_says_status_and_the_one_next_step_with_its_link(as_: As, ines: User, location: Location) -> None:
    row = stages.accepted(location, ines, make.ProgramFactory.create(name_en="Cloud Reseller"))
    html = page(as_(ines))
    assert "Cloud Reseller" in html and location.mpn_id in html and "Göteborg" in html
    assert 'data-status="action_required"' in html
    assert f'href="{reverse("enroll", args=[row.pk])}"' in html and "Choose a payout profile" in html


@pytest.mark.rule("STA-1")
def test_who_may_not_enroll_reads_enrolling_and_who_can(as_: As, ines: User, ulf: User, gunnar: User, location: Location) -> None:
    row = stages.accepted(location, ines)
    for viewer in (ulf, gunnar):
        html = page(as_(viewer))
        assert 'data-status="enrolling"' in html and 'data-status="action_required"' not in html
        assert "Ines Duarte can do this" in html
        assert reverse("enroll", args=[row.pk]) not in html


@pytest.mark.rule("ACC-7")
def test_without_an_incentives_admin_names_who_can_assign_one(as_: As, gunnar: User, ulf: User, location: Location) -> None:
    stages.invited(location)
    assert "Gunnar Lind can assign one" in page(as_(ulf))


@pytest.mark.rule("VAL-4")
def test_says_by_when_the_operator_decides_and_that_it_is_late(as_: As, ines: User, location: Location, settings: object) -> None:
    stages.submitted(location, ines)
    html = page(as_(ines))
    assert 'data-status="validating"' in html and "Northwind validates" in html and "by " in html
    clock.move(by=dt.timedelta(hours=49))
    assert "overdue since" in page(as_(ines))


@pytest.mark.rule("ELI-2")
def test_not_eligible_links_to_the_requirements(as_: As, ulf: User, location: Location) -> None:
    row = stages.unmet(location)
    html = page(as_(ulf))
    assert 'data-status="not_eligible"' in html and "See eligibility requirements" in html
    assert f'href="{reverse("eligibility", args=[row.pk])}"' in html


@pytest.mark.rule("INV-3")
def test_open_to_all_stands_on_the_overview(as_: As, ines: User, location: Location) -> None:
    stages.invited(location, make.ProgramFactory.create(open=True))
    assert 'data-status="invited"' in page(as_(ines))


@pytest.mark.rule("ACC-8")
@pytest.mark.rule("ACC-1")
def test_shows_only_what_is_in_scope(
    as_: As, ines: User, otto: User, rita: User, location: Location, second_location: Location, other_location: Location
) -> None:
    for place in (location, second_location, other_location):
        stages.invited(place)
    mine, theirs, all_of_it = page(as_(ines)), page(as_(otto)), page(as_(rita))
    assert location.mpn_id in mine and second_location.mpn_id not in mine and other_location.mpn_id not in mine
    assert other_location.mpn_id in theirs and location.mpn_id not in theirs
    assert all(place.mpn_id in all_of_it for place in (location, second_location, other_location))


def test_search_filters_and_counts_agree(as_: As, ines: User, gunnar: User, location: Location, second_location: Location) -> None:
    reseller = make.ProgramFactory.create(name_en="Reseller", code="RES")
    stages.accepted(location, ines, reseller)
    stages.invited(second_location, reseller)
    stages.invited(second_location, make.ProgramFactory.create(name_en="Usage", code="USE"))
    client = as_(gunnar)
    assert "Norrsken Göteborg" not in page(client, q="Umeå")
    assert "Norrsken Umeå" not in page(client, q=location.mpn_id)
    chips = re.findall(r'([A-Z]\w+) <span class="count">(\d+)</span>', page(client, program="RES"))
    assert chips == [("All", "2"), ("Invited", "1"), ("Enrolling", "1")]
    html = page(client, status="enrolling")
    assert "1–1 of 1" in html
    assert re.findall(r'<option value="(\w+)">([^<]*)<', html) == [("RES", "Reseller (1)")]
    assert "No enrollment fits these filters" in page(client, q="nowhere")


def test_a_filter_that_nothing_fits_is_still_seen_and_sent(as_: As, gunnar: User, location: Location) -> None:
    stages.invited(location, make.ProgramFactory.create(code="HOST", name_en="Hosting"))
    client = as_(gunnar)
    wished = {"q": "nothing", "country": "AU", "program": "HOST", "status": "enrolled"}
    html = client.get("/incentives/", wished).content.decode()
    assert '<option value="AU" selected>Australia (0)</option>' in html and '<option value="HOST" selected>Hosting (0)' in html
    assert '<input type="hidden" name="status" value="enrolled">' in html
    html = client.get("/incentives/", {"program": "NONE", "country": "XX"}).content.decode()
    assert '<option value="NONE" selected>NONE (0)</option>' in html and '<option value="XX" selected>XX (0)</option>' in html


def test_clearing_the_filters_keeps_year_and_view(as_: As, gunnar: User, location: Location) -> None:
    stages.invited(location)
    html = as_(gunnar).get("/incentives/?year=FY20&view=location&rows=500&q=nothing&country=AU").content.decode()
    [address] = re.findall(r'<a href="\?([^"]*)">Clear the filters', html)
    assert set(address.replace("&amp;", "&").split("&")) == {"year=FY20", "view=location", "rows=500"}
    assert '<a href="?view=">Clear the filters' in as_(gunnar).get("/incentives/?q=nothing").content.decode()


def test_groups_by_location_and_program_with_counts(as_: As, gunnar: User, location: Location, second_location: Location) -> None:
    program = make.ProgramFactory.create(name_en="Reseller")
    for place in (location, second_location):
        stages.invited(place, program)
    heading = re.compile(r'scope="rowgroup" colspan="5"><strong>([^<]*)</strong> <span class="muted">([^<]*)<')
    by_location = heading.findall(page(as_(gunnar), view="location"))
    assert [title for title, _line in by_location] == ["Norrsken Göteborg", "Norrsken Umeå"]
    assert all(line.endswith(" · 1 program") for _title, line in by_location)
    assert heading.findall(page(as_(gunnar), view="program")) == [("Reseller", "2 locations")]


def test_sorts_and_says_so(as_: As, gunnar: User, location: Location) -> None:
    for name in ("Alpha", "Beta"):
        stages.invited(location, make.ProgramFactory.create(name_en=name))
    html = page(as_(gunnar), sort="-program")
    assert 'aria-sort="descending"' in html and html.index(">Beta<") < html.index(">Alpha<")


@pytest.mark.parametrize("grouped", ["", "location", "program"])
def test_names_are_only_text(as_: As, ines: User, location: Location, grouped: str) -> None:
    name = "<script>alert('x')</script>&\"'"
    Location.objects.filter(pk=location.pk).update(name=name, city=name)
    stages.invited(location, make.ProgramFactory.create(name_en=name))
    html = page(as_(ines), view=grouped)
    assert "<script>alert" not in html and html.count("&lt;script&gt;alert") >= 4 and "<tbody>" in html


@pytest.mark.rule("FIS-1")
def test_shows_the_current_fiscal_year_and_others_on_demand(as_: As, gunnar: User, location: Location) -> None:
    this_year = FiscalYear.of(clock.today())
    program = make.ProgramFactory.create(years=[this_year.previous.ends_in])
    row = make.EnrollmentFactory.create(location=location, program=program, fiscal_year=this_year.previous.ends_in)
    url = reverse("enrollment", args=[row.pk])
    assert url not in page(as_(gunnar))
    assert url in page(as_(gunnar), year=str(this_year.previous))


@pytest.mark.parametrize("query", [{"page": "x"}, {"page": "99999"}, {"year": "FY'"}, {"status": "'; --"}, {"sort": "pk"}])
def test_an_address_that_makes_no_sense_is_the_default(as_: As, ulf: User, query: dict[str, str]) -> None:
    assert as_(ulf).get(URL, query).status_code == 200


def test_htmx_gets_the_results_alone(as_: As, ulf: User) -> None:
    response = as_(ulf).get(URL, headers={"HX-Request": "true"})
    assert b"<html" not in response.content and b'id="overview"' in response.content
    assert "HX-Request" in response.headers["Vary"]


def test_in_swedish(as_: As, partner: Partner, location: Location) -> None:
    viewer = make.person("Sven Ek", partner, make.INCENTIVES_USER, language="sv")
    stages.invited(location, make.ProgramFactory.create(name_sv="Återförsäljare"))
    assert "Återförsäljare" in page(as_(viewer))


@pytest.mark.rule("STA-1")
def test_the_status_in_sql_is_the_status_in_python(ines: User, gunnar: User, location: Location, second_location: Location) -> None:
    stages.accepted(location, ines)
    stages.accepted(second_location, ines)
    stages.unmet(location)
    for viewer in (ines, gunnar):
        actor = actor_for(viewer)
        for row in as_read_by(actor).select_related("program"):
            mine = may_enroll(actor, row)
            assert (row.mine, row.shown) == (mine, shown_to(row.status, row.reason, may_enroll=mine))
            assert ShownStatus(row.shown)


@pytest.mark.parametrize("person", ["ines", "gunnar", "rita"])
def test_queries_are_as_many_for_500_rows_as_for_50(
    as_: As, person: str, request: pytest.FixtureRequest, ines: User, partner: Partner, location: Location
) -> None:
    client = as_(request.getfixturevalue(person))
    invitation = [{"key": "invitation", "turn": "partner", "link": "invitation"}]

    def fill(count: int) -> None:
        program = make.ProgramFactory.create()
        places = make.LocationFactory.create_batch(count, partner=partner)
        now = clock.now()
        Enrollment.objects.bulk_create(
            Enrollment(
                partner=partner,
                location=place,
                program=program,
                fiscal_year=FiscalYear.of(clock.today()).ends_in,
                invited_at=now,
                status="invited",
                requirements=invitation,
            )
            for place in [location, *places]
        )

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(URL).status_code == 200
        return len(captured)

    fill(49)
    few = queries()
    fill(449)
    assert queries() == few <= 10
