"""A browser that has the overview already is told so, exactly as long as nothing of it has changed."""

import datetime as dt
import threading
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
from tests.side_by_side import at_once

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


@pytest.mark.django_db(transaction=True)
def test_numbers_of_overlapping_transactions_that_add_up_to_the_same_are_another_page(as_: As, ines: User, row: Enrollment) -> None:
    """The middle one of three neighbours writes last, over what the other two had written."""
    client, mine = as_(ines), Enrollment.objects.filter(pk=row.pk)
    other = Enrollment.objects.filter(pk=stages.invited(make.LocationFactory.create(partner=row.partner), row.program).pk)

    def attempt() -> tuple[tuple[int, int, int], str]:
        go_on, began, may_write = threading.Event(), threading.Event(), threading.Event()

        def middle() -> int:
            assert go_on.wait(60)
            with transaction.atomic():
                number = number_of_transaction()
                began.set()
                assert may_write.wait(60)
                mine.update(currency="SEK")
                other.update(currency="SEK")
            return number

        def outer() -> tuple[int, int, str]:
            with transaction.atomic():
                first = number_of_transaction()
                mine.update(currency="EUR")
            go_on.set()
            assert began.wait(60)
            with transaction.atomic():
                last = number_of_transaction()
                other.update(currency="EUR")
            known = tag(client)
            may_write.set()
            return first, last, known

        between, (first, last, known) = at_once(middle, outer)
        return (first, between, last), known

    for _ in range(200):  # the numbers belong to the whole server: other databases and its housekeeping take some too
        (first, between, last), known = attempt()
        if first + last == between + between:
            break
    assert first + last == between + between
    assert asked(client, known) == 200


def number_of_transaction() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return int(cursor.fetchone()[0])


def test_going_back_gets_the_whole_page_and_never_a_part_that_is_known(as_: As, ines: User, row: Enrollment) -> None:
    """htmx asks for the page as such when somebody goes back; the browser has the results alone under the same address."""
    client = as_(ines)
    part = client.get(URL, headers={"HX-Request": "true"})
    back = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    whole = client.get(URL, headers=back | {"If-None-Match": part["ETag"]})
    assert whole.status_code == 200 and b"<html" in whole.content
    assert asked(client, whole["ETag"], headers={"HX-Request": "true"}) == 200
    assert all("HX-History-Restore-Request" in answer["Vary"] for answer in (part, whole))
