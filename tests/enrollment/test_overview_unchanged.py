"""A browser that has the overview already is told so, exactly as long as nothing of it has changed."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Location, User
from enrollment.models import Enrollment
from enrollment.services import enrolling, saved_views
from incentives_portal.core import clock
from tests import factories as make
from tests.enrollment import stages

As = Callable[[User], Client]
URL = "/incentives/"


@pytest.fixture
def row(location: Location) -> Enrollment:
    return stages.invited(location, make.ProgramFactory.create(name_en="Cloud"))


def tag(client: Client, **query: str) -> str:
    response = client.get(URL, query)
    assert response["Cache-Control"] == "private, no-cache" and {"Cookie", "HX-Request"} <= set(response["Vary"].split(", "))
    return str(response["ETag"])


def asked(client: Client, known: str, **more: Any) -> int:
    return client.get(URL, more.get("query"), headers={"If-None-Match": known} | more.get("headers", {})).status_code


def test_unchanged_is_answered_without_a_page(as_: As, ines: User, row: Enrollment) -> None:
    client = as_(ines)
    known = tag(client)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(URL, headers={"If-None-Match": known})
    assert response.status_code == 304 and not response.content and response["ETag"] == known
    assert len(captured) <= 4


@pytest.mark.parametrize("change", ["status", "sql", "location", "program", "view", "minute", "language", "role"])
def test_every_change_makes_another_page(as_: As, ines: User, row: Enrollment, change: str) -> None:
    client = as_(ines)
    known = tag(client)
    with transaction.atomic():  # as everywhere: what was there and what changes it are two transactions
        do(change, row, ines)
    assert asked(client, known) == 200


def do(change: str, row: Enrollment, ines: User) -> None:
    match change:
        case "status":
            enrolling.decline(enrollment_id=row.pk, by=ines)
        case "sql":
            Enrollment.objects.filter(pk=row.pk).update(currency="SEK")
        case "location":
            Location.objects.filter(pk=row.location_id).update(name="Renamed")
        case "program":
            type(row.program).objects.filter(pk=row.program_id).update(name_en="Renamed")
        case "view":
            saved_views.save(partner=row.partner, name="V", query="", is_shared=False, is_default=False, by=ines)
        case "minute":
            clock.move(by=dt.timedelta(minutes=1))
        case "language":
            User.objects.filter(pk=ines.pk).update(language="sv")
        case "role":
            make.give_role(ines, row.partner, make.ACCOUNT_ADMIN)


def test_what_waits_to_be_said_is_said(as_: As, ines: User, row: Enrollment) -> None:
    client = as_(ines)
    known = tag(client)
    client.post("/incentives/views/", {"name": "V", "query": ""})
    response = client.get("/incentives/?view=", headers={"If-None-Match": known})
    assert response.status_code == 200 and "is kept" in response.content.decode() and "ETag" not in response


def test_another_address_or_person_is_another_page(as_: As, ines: User, row: Enrollment) -> None:
    known = tag(as_(ines))
    assert asked(as_(ines), known, query={"status": "invited"}) == 200
    assert asked(as_(ines), known, headers={"HX-Request": "true"}) == 200
    twin = make.person("Ina Duarte", row.partner, make.INCENTIVES_ADMIN, row.location)
    assert asked(as_(twin), known) == 200


def test_who_reads_names_of_others_gets_no_stamp(as_: As, ulf: User, rita: User, row: Enrollment) -> None:
    for user in (ulf, rita):
        response = as_(user).get(URL)
        assert "ETag" not in response


@pytest.mark.rule("ACC-5")
def test_signed_out_it_leads_to_sign_in(as_: As, ines: User, row: Enrollment) -> None:
    client = as_(ines)
    known = tag(client)
    client.logout()
    assert asked(client, known) == 302
