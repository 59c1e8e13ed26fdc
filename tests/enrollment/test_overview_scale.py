"""A partner of 400 locations in 12 programs asks the database no more often than one of five."""

from collections.abc import Callable, Sequence

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Location, Partner, User
from enrollment.models import Enrollment, Program
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear
from tests import factories as make

As = Callable[[User], Client]
# Session, person, what they may do now; then counts, saved views and rows of the page in one.
MOST = 4
ADDRESSES = {
    "first": "/incentives/?view=",
    "filtered": "/incentives/?status=invited&program=P0",
    "second": "/incentives/?page=2",
    "grouped": "/incentives/?view=location&page=2",
    "500 rows": "/incentives/?rows=500",
    "matrix": "/incentives/matrix/",
}
INVITATION = [{"key": "invitation", "turn": "partner", "link": "invitation"}]


def add(places: int, partner: Partner, programs: Sequence[Program]) -> None:
    """So many locations, each invited into each program."""
    Location.objects.bulk_create(make.LocationFactory.build(partner=partner) for _ in range(places))
    year, now = FiscalYear.of(clock.today()).ends_in, clock.now()
    Enrollment.objects.bulk_create(
        Enrollment(
            partner=partner,
            location=place,
            program=program,
            fiscal_year=year,
            invited_at=now,
            status="invited",
            requirements=INVITATION,
        )
        for place in Location.objects.filter(partner=partner, enrollments=None)
        for program in programs
    )


def asked(client: Client, address: str, status: int = 200, **headers: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address, headers=headers).status_code == status
    return len(captured)


def change(rows: QuerySet[Enrollment]) -> None:
    with transaction.atomic():  # as everywhere: what was there and what changes it are two transactions
        Enrollment.objects.filter(pk__in=rows.values("pk")).update(currency="SEK")


def test_queries_are_as_many_for_4800_rows_as_for_60(as_: As, partner: Partner) -> None:
    client = as_(make.person("Ina Duarte", partner, make.INCENTIVES_ADMIN))
    programs = [make.ProgramFactory.create(code=f"P{n}") for n in range(12)]
    add(5, partner, programs)
    few = {name: asked(client, address) for name, address in ADDRESSES.items()}
    add(395, partner, programs)
    assert Enrollment.objects.filter(partner=partner).count() == 4800
    assert {name: asked(client, address) for name, address in ADDRESSES.items()} == few
    assert {name for name, count in few.items() if count > MOST} <= {"matrix"} and few["matrix"] <= 2 * MOST
    known = client.get(ADDRESSES["first"])["ETag"]
    assert asked(client, ADDRESSES["first"], 304, **{"If-None-Match": known}) == MOST


@pytest.mark.rule("ACC-8")
def test_one_row_of_4800_changes_the_page_and_another_partners_does_not(as_: As, partner: Partner, other_partner: Partner) -> None:
    programs = [make.ProgramFactory.create(code=f"P{n}") for n in range(12)]
    for one in (partner, other_partner):
        add(400 if one == partner else 1, one, programs)
    client = as_(make.person("Ina Duarte", partner, make.INCENTIVES_ADMIN))
    known = client.get(ADDRESSES["first"])["ETag"]
    own, others = (Enrollment.objects.filter(partner=one).order_by("-pk")[:1] for one in (partner, other_partner))
    change(others)
    assert asked(client, ADDRESSES["first"], 304, **{"If-None-Match": known})
    change(own)
    assert asked(client, ADDRESSES["first"], 200, **{"If-None-Match": known})
