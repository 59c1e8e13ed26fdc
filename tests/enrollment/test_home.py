"""Home and its notices."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, Partner, User
from enrollment.models import Notice
from incentives_portal.core import clock
from tests import factories as make
from tests.enrollment import stages

As = Callable[[User], Client]


def home(client: Client) -> str:
    response = client.get("/")
    assert response.status_code == 200
    return response.content.decode()


def test_signed_out_leads_to_sign_in(client: Client, db: None) -> None:
    assert client.get("/").status_code == 302


@pytest.mark.rule("INV-4")
def test_opening_a_notice_dismisses_it_for_that_person_only(as_: As, ines: User, location: Location) -> None:
    colleague = make.person("Ivar Nord", location.partner, make.INCENTIVES_ADMIN, location)
    row = stages.invited(location, make.ProgramFactory.create(name_en="Reseller"))
    notice = Notice.objects.get(user=ines)
    client = as_(ines)
    assert "is invited to Reseller" in home(client)
    assert client.get(reverse("notice_open", args=[notice.pk])).status_code == 405
    response = client.post(reverse("notice_open", args=[notice.pk]))
    assert response["Location"] == reverse("enrollment", args=[row.pk])
    assert "is invited to Reseller" not in home(client)
    assert "is invited to Reseller" in home(as_(colleague))
    assert "is invited to Reseller" in client.get("/notices/").content.decode()
    assert reverse("enrollment", args=[row.pk]) in client.get("/incentives/").content.decode()


@pytest.mark.rule("INV-4")
def test_opening_twice_keeps_the_first_time(as_: As, ines: User, location: Location) -> None:
    stages.invited(location)
    notice = Notice.objects.get(user=ines)
    as_(ines).post(reverse("notice_open", args=[notice.pk]))
    notice.refresh_from_db()
    first = notice.opened_at
    clock.move(by=dt.timedelta(hours=1))
    as_(ines).post(reverse("notice_open", args=[notice.pk]))
    notice.refresh_from_db()
    assert notice.opened_at == first is not None


@pytest.mark.rule("INV-4")
def test_many_that_say_enrolled_are_one_row_and_dismissed_as_one(as_: As, ines: User, location: Location) -> None:
    colleague = make.person("Ivar Nord", location.partner, make.INCENTIVES_ADMIN, location)
    rows = [stages.invited(location) for _ in range(3)]
    for reader in (ines, colleague):
        for row in rows:
            Notice.objects.create(user=reader, enrollment=row, kind=Notice.Kind.ENROLLED, key=f"{reader.pk}:{row.pk}")
    client, latest = as_(ines), Notice.objects.filter(user=ines, kind=Notice.Kind.ENROLLED).order_by("created_at", "pk").last()
    assert latest is not None
    html = home(client)
    assert "3 enrollments are complete" in html and "is enrolled in" not in html and html.count("is invited to") >= 3
    clock.move(by=dt.timedelta(hours=1))
    row = stages.invited(location)
    Notice.objects.create(user=ines, enrollment=row, kind=Notice.Kind.ENROLLED, key="later")
    response = client.post(reverse("notice_open", args=[latest.pk]), {"alike": "1"})
    assert response["Location"] == f"{reverse('overview')}?status=enrolled&year={row.year}"
    # What came after the page was shown stays, and so does what another person or another notice says.
    unread = Notice.objects.filter(opened_at=None)
    assert unread.get(user=ines, kind=Notice.Kind.ENROLLED).key == "later"
    assert unread.filter(user=colleague, kind=Notice.Kind.ENROLLED).count() == 3
    assert unread.filter(user=ines, kind=Notice.Kind.INVITATION).count() == 4
    assert "is enrolled in" in home(client)


@pytest.mark.rule("ACC-8")
def test_somebody_elses_notice_does_not_exist(as_: As, ines: User, otto: User, ulf: User, location: Location) -> None:
    stages.invited(location)
    notice = Notice.objects.get(user=ines)
    for viewer in (otto, ulf):
        assert as_(viewer).post(reverse("notice_open", args=[notice.pk])).status_code == 404
    notice.refresh_from_db()
    assert notice.opened_at is None


@pytest.mark.rule("ACC-6")
def test_speaks_for_one_partner_at_a_time(
    as_: As, ines: User, partner: Partner, other_partner: Partner, location: Location, other_location: Location
) -> None:
    make.give_role(ines, other_partner, make.INCENTIVES_ADMIN)
    stages.invited(location)
    stages.invited(other_location)
    client = as_(ines)
    html = home(client)
    assert "Brandt Köln" in html and "Norrsken Göteborg" not in html
    client.post(reverse("switch_partner"), {"partner": str(partner.pk)})
    html = home(client)
    assert "Norrsken Göteborg" in html and "Brandt Köln" not in html


@pytest.mark.rule("STA-1")
def test_says_what_waits_for_whom(as_: As, ines: User, location: Location) -> None:
    stages.invited(location, make.ProgramFactory.create(open=True, name_en="Open program"))
    stages.submitted(location, ines, make.ProgramFactory.create(name_en="Sent program"))
    response = as_(ines).get("/")
    assert [row.program for row in response.context["for_partner"].rows] == ["Open program"]
    assert [row.program for row in response.context["for_operator"].rows] == ["Sent program"]
    assert "Northwind validates" in response.content.decode()


@pytest.mark.rule("ACC-2")
def test_gaps_stand_on_the_home_page_of_global_and_account_admins(
    as_: As, gunnar: User, astrid: User, ulf: User, location: Location
) -> None:
    for viewer in (gunnar, astrid):
        html = home(as_(viewer))
        assert "1 location has no incentives admin" in html and location.mpn_id in html
    assert "no incentives admin" not in home(as_(ulf))
    make.person("Ines Duarte", location.partner, make.INCENTIVES_ADMIN, location)
    html = home(as_(gunnar))
    assert "no incentives admin" not in html and "depends on a single incentives admin" in html


@pytest.mark.rule("INV-2")
def test_the_notice_to_assign_an_admin_leads_to_user_management(as_: As, gunnar: User, location: Location) -> None:
    stages.invited(location)
    notice = Notice.objects.get(user=gunnar)
    assert as_(gunnar).post(reverse("notice_open", args=[notice.pk]))["Location"] == reverse("people")


@pytest.mark.rule("VAL-4")
def test_reviewers_read_how_many_wait_and_how_many_are_overdue(
    as_: As, ines: User, rita: User, petra: User, location: Location
) -> None:
    stages.submitted(location, ines)
    assert "2 validations wait for a decision" in home(as_(rita))
    clock.move(by=dt.timedelta(hours=49))
    for viewer in (rita, petra):
        assert "2 validations are past their 48 hours" in home(as_(viewer))
