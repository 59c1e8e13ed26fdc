"""Who can do what at a location, filling a gap, and what a change would leave uncovered (rules ACC-2, ACC-7)."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, Membership, Origin, Partner, RoleAssignment, User
from accounts.queries.coverage import coverage
from incentives_portal.core import clock
from incentives_portal.core.models import AuditEntry, Mail
from tests import factories as make

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]


def member(user: User) -> Membership:
    return user.memberships.get()


def role_of(user: User) -> RoleAssignment:
    return RoleAssignment.objects.get(membership__user=user, role=make.INCENTIVES_ADMIN, ended_at=None)


@pytest.mark.rule("ACC-7")
def test_a_location_says_who_can_do_what_there(
    as_: As, gunnar: User, ines: User, ulf: User, location: Location, second_location: Location, other_location: Location
) -> None:
    RoleAssignment.objects.filter(membership__user=ines).update(expires_on=clock.today() + dt.timedelta(days=3))
    here = as_(gunnar).get(reverse("location_people", args=[location.pk])).content.decode()
    assert "A single incentives admin" in here
    assert re.search(r"<strong>until \d", here)
    there = as_(gunnar).get(reverse("location_people", args=[second_location.pk])).content.decode()
    assert "No active incentives admin" in there
    assert f">{ulf.name}</a>" in there
    assert f">{ines.name}</a>" not in there
    assert as_(gunnar).get(reverse("location_people", args=[other_location.pk])).status_code == 404
    assert as_(ulf).get(reverse("location_people", args=[location.pk])).status_code == 403


@pytest.mark.rule("ACC-2")
def test_locations_by_coverage(
    as_: As, gunnar: User, ines: User, partner: Partner, location: Location, second_location: Location
) -> None:
    make.LocationFactory.create_batch(60, partner=partner, city="Ystad")
    client, address = as_(gunnar), reverse("locations")

    def rows(**asked: Any) -> list[Location]:
        return [row.location for row in client.get(address, asked).context["page"]]

    assert rows(state="single") == [location]
    assert rows(q="Umeå") == [second_location]
    assert len(rows(state="gap", q="Ystad")) == 50
    assert len(rows(state="gap", q="Ystad", page="2")) == 10
    assert rows(q="nowhere") == []
    assert len(rows(state="odd", page="x")) == 50


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("page", ["people", "home"])
def test_one_post_fills_a_gap(as_: As, gunnar: User, ines: User, location: Location, second_location: Location, page: str) -> None:
    client, address = as_(gunnar), reverse(page)
    shown = client.get(address).content.decode()
    assert f'name="location" value="{second_location.pk}"' in shown
    assert shown.index(f'value="{member(gunnar).pk}"') < shown.index(f'value="{member(ines).pk}"')
    answer = client.post(
        reverse("gap_fill"), {"person": member(ines).pk, "location": second_location.pk, "next": address}, follow=True
    )
    assert answer.redirect_chain == [(address, 302)]
    assert set(role_of(ines).locations.all()) == {location, second_location}
    assert not coverage(location.partner_id).gaps
    assert AuditEntry.objects.count() == 1
    assert Mail.objects.get(kind="role_changed").to == ines.email
    client.post(reverse("gap_fill"), {"person": member(ines).pk, "location": second_location.pk})
    assert AuditEntry.objects.count() == 1


@pytest.mark.rule("ACC-8")
def test_a_gap_of_another_partner_does_not_exist(
    as_: As, gunnar: User, ulf: User, otto: User, location: Location, other_location: Location
) -> None:
    for form in (
        {"person": member(ulf).pk, "location": [location.pk, other_location.pk]},
        {"person": member(otto).pk, "location": location.pk},
        {"person": member(ulf).pk, "location": "x"},
        {"person": "x", "location": location.pk},
        {},
    ):
        assert as_(gunnar).post(reverse("gap_fill"), form).status_code == 404, form
    answer = as_(gunnar).post(reverse("gap_fill"), {"person": member(ulf).pk, "location": location.pk, "next": "//evil.example"})
    assert answer["Location"] == reverse("people")
    assert as_(ulf).post(reverse("gap_fill"), {}).status_code == 403


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("name", ["person_suspend", "person_remove", "role_end"])
def test_a_preview_shows_and_changes_nothing(as_: As, gunnar: User, ines: User, location: Location, name: str) -> None:
    address = reverse(name, args=[member(ines).pk, *([make.INCENTIVES_ADMIN] if name == "role_end" else [])])
    page = as_(gunnar).get(address).content.decode()
    assert "1 location would be left without an incentives admin" in page
    assert location.name in page
    assert not AuditEntry.objects.exists()
    eva = make.person("Eva", location.partner, make.INCENTIVES_ADMIN)
    page = as_(gunnar).get(address).content.decode()
    assert "1 location would be left with a single incentives admin" in page
    assert eva.name in page
    make.person("Eskil", location.partner, make.INCENTIVES_ADMIN)
    assert "Nothing is left uncovered" in as_(gunnar).get(address).content.decode()
    assert as_(gunnar).post(address).status_code == 302
    assert AuditEntry.objects.exists()


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("change", ["moved", "expires"])
def test_a_change_that_would_open_a_gap_asks_first(
    as_: As, gunnar: User, ines: User, location: Location, second_location: Location, change: str
) -> None:
    client, address = as_(gunnar), reverse("role_edit", args=[member(ines).pk, make.INCENTIVES_ADMIN])
    seen = re.search(r'name="seen" value="([^"]+)"', client.get(address).content.decode())
    assert seen
    form = {"where": "listed", "seen": seen[1]}
    form |= (
        {"locations": str(second_location.pk)} if change == "moved" else {"locations": str(location.pk), "expires_on": "2999-12-31"}
    )
    page = client.post(address, form)
    assert page.status_code == 200
    assert "would be left without an incentives admin" in page.content.decode()
    assert not AuditEntry.objects.exists()
    seal = re.search(r'name="confirmed" value="(\w+)"', page.content.decode())
    assert seal
    assert client.post(address, {**form, "confirmed": "stale"}).status_code == 200
    assert client.post(address, {**form, "confirmed": seal[1]}).status_code == 302
    assert AuditEntry.objects.get().act == "role_changed"


def test_an_account_admin_reads_no_preview_about_a_global_admin(as_: As, astrid: User, gunnar: User) -> None:
    for name in ("person_suspend", "person_remove"):
        answer = as_(astrid).get(reverse(name, args=[member(gunnar).pk]))
        assert answer.status_code == 403
        assert gunnar.name in answer.content.decode()


def test_people_are_told_of_what_others_do_to_them(as_: As, gunnar: User, ulf: User, location: Location) -> None:
    client = as_(gunnar)
    client.post(reverse("role_edit", args=[member(gunnar).pk, make.INCENTIVES_ADMIN]), {"where": "organization"})
    assert not Mail.objects.filter(kind="role_changed").exists()
    User.objects.filter(pk=ulf.pk).update(language="sv")
    client.post(reverse("role_edit", args=[member(ulf).pk, make.INCENTIVES_ADMIN]), {"where": "listed", "locations": location.pk})
    mail = Mail.objects.get(kind="role_changed")
    assert (mail.to, mail.language) == (ulf.email, "sv")
    assert location.name in mail.text
    client.post(reverse("person_suspend", args=[member(ulf).pk]))
    client.post(reverse("person_remove", args=[member(ulf).pk]))
    assert Mail.objects.filter(kind="role_changed", to=ulf.email).count() == 3


@pytest.mark.rule("ACC-5")
def test_what_the_directory_gave_says_so_instead_of_offering_changes(
    as_: As, gunnar: User, ines: User, location: Location, second_location: Location
) -> None:
    RoleAssignment.objects.filter(membership__user=ines).update(origin=Origin.DIRECTORY)
    client, me = as_(gunnar), member(ines).pk
    edit = reverse("role_edit", args=[me, make.INCENTIVES_ADMIN])
    for address in (reverse("person", args=[me]), edit, f"{reverse('role_grid')}?person={me}"):
        assert "Comes from your directory" in client.get(address).content.decode(), address
    assert "Comes from your directory" in as_(ines).get(reverse("my_roles")).content.decode()
    assert edit not in client.get(reverse("person", args=[me])).content.decode()
    client.post(edit, {"where": "organization", "seen": re.sub("-.*", "", str(role_of(ines).pk))})
    client.post(reverse("role_grid"), {"do": "save", "person": me, f"0n{second_location.mpn_id}": "a"})
    filled = client.post(reverse("gap_fill"), {"person": me, "location": second_location.pk}, follow=True)
    assert "comes from your directory" in filled.content.decode()
    change = reverse("admin:accounts_roleassignment_change", args=[role_of(ines).pk])
    assert client.post(change, {"entire_organization": "on"}).status_code == 403
    assert list(role_of(ines).locations.all()) == [location]
    assert not AuditEntry.objects.exists()
