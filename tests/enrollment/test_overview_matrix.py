"""The matrix: every location and every program on one sheet, statuses by shape and word."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Location, Partner, User
from tests import factories as make
from tests.enrollment import stages
from tests.enrollment.many import invited

As = Callable[[User], Client]
MATRIX = "/incentives/matrix/"


def test_each_cell_says_its_status_and_leads_to_it(
    as_: As, ines: User, gunnar: User, location: Location, second_location: Location
) -> None:
    reseller, usage = (make.ProgramFactory.create(name_en=name) for name in ("Reseller", "Usage"))
    row = stages.accepted(location, ines, reseller)
    stages.invited(second_location, usage)
    found = as_(gunnar).get(MATRIX).context["matrix"]
    assert found.programs == ["Reseller", "Usage"]
    cells = {line.location.name: [cell.label for cell in line.cells] for line in found.lines}
    assert cells == {"Norrsken Göteborg": ["Enrolling", ""], "Norrsken Umeå": ["", "Invited"]}
    html = as_(gunnar).get(MATRIX).content.decode()
    assert (
        f'data-status="enrolling" href="{reverse("enrollment", args=[row.pk])}">Enrolling</a>' in html and "No enrollment" in html
    )


@pytest.mark.rule("ACC-8")
@pytest.mark.rule("ACC-1")
def test_only_what_one_sees(as_: As, ines: User, otto: User, location: Location, second_location: Location) -> None:
    for place in (location, second_location):
        stages.invited(place)
    assert [line.location for line in as_(ines).get(MATRIX).context["matrix"].lines] == [location]
    assert as_(otto).get(MATRIX, {"q": location.mpn_id}).context["matrix"].lines == []


def test_filters_as_the_overview(as_: As, gunnar: User, location: Location, second_location: Location) -> None:
    program = make.ProgramFactory.create(code="RES")
    for place in (location, second_location):
        stages.invited(place, program)
    stages.unmet(location)
    client = as_(gunnar)
    assert [line.location for line in client.get(MATRIX, {"q": "Umeå"}).context["matrix"].lines] == [second_location]
    assert len(client.get(MATRIX, {"program": "RES"}).context["matrix"].programs) == 1
    assert [line.location for line in client.get(MATRIX, {"status": "not_eligible"}).context["matrix"].lines] == [location]
    assert "No enrollment fits" in client.get(MATRIX, {"q": "nothing"}).content.decode()


def test_what_is_filtered_by_is_said_and_can_be_cleared(as_: As, gunnar: User, location: Location) -> None:
    stages.invited(location, make.ProgramFactory.create(code="RES", name_en="Reseller"))
    client = as_(gunnar)
    asked = {"q": location.mpn_id, "status": "invited", "program": "RES", "country": location.country.code, "year": "FY20"}
    empty = client.get(MATRIX, asked).content.decode()
    assert f"Filtered by: Invited · Reseller · {location.country.name}" in empty
    assert empty.count("Clear the filters") == 1 and 'href="/incentives/matrix/?year=FY20"' in empty
    del asked["year"]
    html = client.get(MATRIX, asked).content.decode()
    assert location.name in html and '<a href="/incentives/matrix/?">Clear the filters</a>' in html
    assert "Filtered by" not in client.get(MATRIX, {"q": location.mpn_id}).content.decode()


def test_a_program_that_nobody_was_shown_is_called_what_was_asked(as_: As, gunnar: User, location: Location) -> None:
    make.ProgramFactory.create(code="SECRET", name_en="Not announced")
    html = as_(gunnar).get(MATRIX, {"program": "SECRET", "country": "XX"}).content.decode()
    assert "Filtered by: SECRET · XX" in html and "Not announced" not in html


def test_queries_are_as_many_for_25_locations_as_for_2(as_: As, gunnar: User, partner: Partner) -> None:
    program, client = make.ProgramFactory.create(open=True), as_(gunnar)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(MATRIX).context["matrix"].lines
        return len(captured)

    invited(program, make.LocationFactory.create_batch(2, partner=partner))
    few = queries()
    invited(program, make.LocationFactory.create_batch(40, partner=partner))
    assert queries() == few <= 8
    assert "Page 1 of 2" in client.get(MATRIX).content.decode()


@pytest.mark.parametrize("name", ["matrix", "saved_views", "many_jobs", "renewal", "find"])
def test_pages_around_the_overview_are_marked_in_the_menu(name: str, as_: As, ines: User) -> None:
    html = as_(ines).get(reverse(name)).content.decode()
    assert f'<a href="{reverse("overview")}" aria-current="true">' in html
