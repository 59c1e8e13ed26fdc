"""A query that forgets its filter, tried behind the wall: in requests, on kept connections, after rollbacks."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client
from django.urls import path

from accounts.models import Location, Partner, User
from enrollment.models import BulkEnrollment, BulkEnrollmentRow, Enrollment, SavedView, StatusChange
from incentives_portal.core import wall
from incentives_portal.urls import urlpatterns as portals_own
from profiles.models import PayoutProfile, PayoutProfileVersion, TaxProfileVersion, Validation
from profiles.services import payouts, taxes, validations
from tests import factories as make
from tests.profiles.conftest import PAYING_ENTITY, payout_fields, tax_fields

pytestmark = [
    pytest.mark.rule("ACC-8"),
    pytest.mark.django_db,
    pytest.mark.skipif("owner" not in settings.DATABASE_LOGINS, reason="needs DATABASE_OWNER_URL"),
]
# What a careless view reads: all there is.
CARELESS = (Enrollment, StatusChange, PayoutProfile, PayoutProfileVersion, TaxProfileVersion, Validation)


def everything() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in CARELESS}


def careless(request: HttpRequest) -> HttpResponse:
    """Asks who looks, as every page does, and then forgets it."""
    bool(request.actor)  # type: ignore[attr-defined]
    return HttpResponse(str(everything()))


def nobodys(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(everything()))


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    bool(request.actor)  # type: ignore[attr-defined]
    return StreamingHttpResponse(str(everything()) for _ in range(1))


def writes(request: HttpRequest) -> HttpResponse:
    """Gives every enrollment to somebody else."""
    bool(request.actor)  # type: ignore[attr-defined]
    with transaction.atomic():
        moved = Enrollment.objects.update(partner=Partner.objects.get(pk=request.GET["to"]))
    return HttpResponse(str(moved))


urlpatterns = [
    *portals_own,
    path("careless/", careless),
    path("nobodys/", nobodys),
    path("streamed/", streamed),
    path("writes/", writes),
]


@pytest.fixture
def rows(partner: Partner, other_partner: Partner, location: Location, other_location: Location, ines: User, otto: User) -> None:
    """One of each for the partner, two of each for the other one."""
    for place, person, times in ((location, ines, 1), (other_location, otto, 2)):
        for n in range(times):
            row = make.EnrollmentFactory.create(location=place)
            StatusChange.objects.create(enrollment=row, after=row.status, cause="evaluated")
            payout = payouts.create(partner=place.partner, by=person, **payout_fields(name=f"Account {n}"))
            taxes.create(location=place, by=person, **tax_fields(name=f"Tax {n}"))
            assert payout.latest
            validations.start(payout_version=payout.latest, tax_version=None, paying_entity=PAYING_ENTITY, by=person)


@pytest.fixture
def browser(rows: None, settings: Any, as_: Callable[[User], Client]) -> Iterator[Callable[[User], Client]]:
    settings.ROOT_URLCONF = __name__
    yield as_
    assert wall.seen() == wall.EVERYTHING  # after a request, what the process is


def each(number: int) -> str:
    return str({model.__name__: number for model in CARELESS})


def test_a_query_without_its_filter_finds_the_partners_own_rows(
    browser: Callable[[User], Client], ines: User, otto: User, rita: User
) -> None:
    assert browser(ines).get("/careless/").content.decode() == each(1)
    assert browser(otto).get("/careless/").content.decode() == each(2)
    assert browser(rita).get("/careless/").content.decode() == each(3)
    assert browser(ines).get("/careless/").content.decode() == each(1)


def test_the_operators_superuser_sees_all(browser: Callable[[User], Client], db: None) -> None:
    superuser = make.UserFactory.create(is_superuser=True, is_staff=True)
    assert browser(superuser).get("/careless/").content.decode() == each(3)


def test_somebody_without_a_partner_sees_nothing(browser: Callable[[User], Client]) -> None:
    assert browser(make.UserFactory.create()).get("/careless/").content.decode() == each(0)


def test_a_request_of_nobody_sees_nothing(browser: Callable[[User], Client], ines: User) -> None:
    assert Client().get("/nobodys/").content.decode() == each(0)
    assert browser(ines).get("/nobodys/").content.decode() == each(0)  # nobody asked who looks


def test_what_is_streamed_is_behind_it_to_the_end(browser: Callable[[User], Client], ines: User) -> None:
    assert b"".join(browser(ines).get("/streamed/")).decode() == each(1)  # type: ignore[arg-type]


def test_who_belongs_to_two_partners_sees_the_chosen_one(
    browser: Callable[[User], Client], ines: User, other_partner: Partner
) -> None:
    make.give_role(ines, other_partner, make.INCENTIVES_ADMIN)
    client = browser(ines)
    for chosen, number in ((other_partner, 2), (ines.memberships.exclude(partner=other_partner).get().partner, 1)):
        session = client.session
        session["partner_id"] = str(chosen.pk)
        session.save()
        assert client.get("/careless/").content.decode() == each(number)


def test_no_row_is_written_across_it(browser: Callable[[User], Client], ines: User, other_partner: Partner) -> None:
    client = browser(ines)
    with pytest.raises(ProgrammingError, match="row-level security"):
        client.get("/writes/", {"to": other_partner.pk})
    assert Enrollment.objects.filter(partner=other_partner).count() == 2


def test_raw_sql_of_one_partner_reaches_no_row_of_another(
    rows: None, partner: Partner, other_partner: Partner, ines: User, otto: User
) -> None:
    """Each table behind the wall that has rows: seen, changed or deleted are one's own alone."""
    for whose, person in ((partner, ines), (other_partner, otto)):
        SavedView.objects.create(owner=person, partner=whose, name="Mine")
        job = BulkEnrollment.objects.create(partner=whose, started_by=person, key=uuid.uuid4())
        BulkEnrollmentRow.objects.create(job=job, enrollment=Enrollment.objects.filter(partner=whose)[0], seen="")
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity ORDER BY relname")
        tables = {name for (name,) in cursor.fetchall()}

        def reached(statement: str, whose: Partner) -> dict[str, int]:
            with wall.looking(whose.pk):
                numbers = {}
                for table in tables:
                    cursor.execute(statement.format(connection.ops.quote_name(table)))
                    numbers[table] = cursor.rowcount
                return numbers

        seen, others = (reached("SELECT * FROM {}", whose) for whose in (partner, other_partner))
        with wall.looking(wall.EVERYTHING):
            whole = {}
            for table in tables:
                cursor.execute(f"SELECT * FROM {table}")
                whole[table] = cursor.rowcount
        assert {table: seen[table] + others[table] for table in tables} == whole
        full = {table for table in tables if whole[table]}
        assert full >= {model._meta.db_table for model in (*CARELESS, SavedView, BulkEnrollment, BulkEnrollmentRow)}
        assert all(seen[table] and others[table] for table in full)
        with wall.looking(partner.pk):
            cursor.execute("DELETE FROM enrollment_savedview")
            assert cursor.rowcount == 1
            cursor.execute("UPDATE enrollment_bulkenrollmentrow SET outcome = outcome")
            assert cursor.rowcount == 1
            for table in ("enrollment_bulkenrollment", "enrollment_savedview"):
                with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
                    SavedView.objects.create(owner=ines, partner=partner, name=table)
                    cursor.execute(f"UPDATE {table} SET partner_id = %s", [other_partner.pk])


def test_commands_and_workers_see_all(rows: None) -> None:
    assert str(everything()) == each(3)


def test_a_block_may_look_for_somebody(rows: None, partner: Partner) -> None:
    with wall.looking(wall.NOTHING):
        assert str(everything()) == each(0)
        with wall.looking(partner.pk):
            assert str(everything()) == each(1)
        assert str(everything()) == each(0)


def test_a_rollback_takes_nothing_back(rows: None, partner: Partner, other_partner: Partner) -> None:
    with wall.looking(other_partner.pk):
        everything()  # the connection knows of the other partner
        with wall.looking(partner.pk):
            with pytest.raises(ZeroDivisionError), transaction.atomic():
                assert str(everything()) == each(1)
                raise ZeroDivisionError
            assert str(everything()) == each(1)
        assert str(everything()) == each(2)


def test_a_transaction_that_failed_can_be_rolled_back_whoever_looks_by_then(rows: None, partner: Partner) -> None:
    with pytest.raises(ProgrammingError, match="no_such_table"), transaction.atomic(), wall.looking(partner.pk):
        Enrollment.objects.raw("SELECT id FROM no_such_table")[0]
    assert str(everything()) == each(3)


def test_a_connection_that_was_told_nothing_shows_nothing(rows: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.cursor.execute("RESET portal.sees")  # behind Django's back
        assert str(everything()) == each(0)
        cursor.cursor.execute("SELECT set_config('portal.sees', %s, false)", [wall.EVERYTHING])


def test_the_check_of_a_kept_connection_tells_it_too(rows: None, partner: Partner) -> None:
    everything()
    with wall.looking(partner.pk):
        assert connection.is_usable()
        with connection.cursor() as cursor:
            cursor.cursor.execute("SELECT count(*) FROM enrollment_enrollment")
            assert cursor.cursor.fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
def test_a_kept_connection_forgets_the_request_before(browser: Callable[[User], Client], ines: User, otto: User) -> None:
    clients = [browser(person) for person in (ines, otto)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        session = cursor.fetchone()
    for _ in range(3):
        for client, number in zip(clients, (1, 2), strict=True):
            assert client.get("/careless/").content.decode() == each(number)
            assert Client().get("/nobodys/").content.decode() == each(0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone() == session


def test_every_bank_and_tax_table_and_every_enrollment_is_behind_it() -> None:
    wanted = {model._meta.db_table for model in apps.get_app_config("profiles").get_models()}
    ours = (Enrollment, StatusChange, BulkEnrollment, BulkEnrollmentRow, SavedView)
    wanted |= {model._meta.db_table for model in ours}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid)"
        )
        assert {name for (name,) in cursor.fetchall()} == wanted
