"""The role grid (rule ACC-4): usable with 400 locations, in a fixed number of queries, and saving only what changed."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import FormerRoleLocation, Location, Membership, Partner, RoleAssignment, RoleLocation, User
from accounts.queries.roles_as_of import roles_as_of
from accounts.services import role_grid
from incentives_portal.core import clock
from incentives_portal.core.models import AuditEntry, Mail
from tests import factories as make

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
GRID = "/people/grid/"


def member(user: User) -> Membership:
    return user.memberships.get()


@pytest.fixture
def many(partner: Partner) -> list[Location]:
    """400 locations in two countries."""
    return Location.objects.bulk_create(
        Location(
            partner=partner, mpn_id=str(6_000_000 + n), name=f"Kontor {n:03}", city="Oslo" if n % 4 else "Göteborg",
            country="NO" if n % 4 else "SE",
        )
        for n in range(400)
    )  # fmt: skip


@pytest.fixture
def pia(partner: Partner, gunnar: User, many: list[Location]) -> User:
    """Incentives admin of the first half, a role that a person gave."""
    pia = make.UserFactory.create(name="Pia Path")
    make.give_role(pia, partner, make.INCENTIVES_ADMIN, *many[:200], granted_by=gunnar)
    return pia


def cells(page: str) -> dict[str, str]:
    """What a browser would send for every cell as it stands."""
    found: dict[str, str] = {}
    for name, inner in re.findall(r'<select name="([0-4][aun][^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([aun])" selected', inner)
        assert chosen
        found[name] = chosen[1]
    return found


def stand() -> tuple[Any, ...]:
    return (
        list(RoleAssignment.objects.order_by("pk").values_list()),
        sorted(RoleLocation.objects.values_list("pk", "assignment", "location")),
        AuditEntry.objects.count(),
    )


def writes(queries: CaptureQueriesContext, table: str) -> int:
    return sum(f'"{table}"' in one["sql"] and one["sql"].lstrip()[:6] in {"INSERT", "UPDATE", "DELETE"} for one in queries)


@pytest.mark.rule("ACC-4")
def test_a_fixed_number_of_queries(as_: As, gunnar: User, ulf: User, partner: Partner, pia: User, many: list[Location]) -> None:
    client = as_(gunnar)
    chosen = {"person": [member(user).pk for user in (pia, ulf)]}
    addresses = [
        (GRID, chosen),
        (reverse("role_edit", args=[member(pia).pk, make.INCENTIVES_ADMIN]), {}),
        ("/people/locations/", {}),
    ]
    addresses += [(reverse("invite_person"), {}), (reverse("people"), {})]

    def count(address: str, asked: Any) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(address, asked).status_code == 200
        return len(queries)

    at_400 = [count(*one) for one in addresses]
    RoleLocation.objects.filter(location__in=many[40:]).delete()
    Location.objects.filter(pk__in=[place.pk for place in many[40:]]).delete()
    assert [count(*one) for one in addresses] == at_400
    assert max(at_400[:3]) <= 20


@pytest.mark.rule("ACC-4")
def test_an_unchanged_form_writes_nothing(as_: As, gunnar: User, ulf: User, pia: User) -> None:
    client = as_(gunnar)
    people = [str(member(user).pk) for user in (pia, ulf)]
    sent = cells(client.get(GRID, {"person": people}).content.decode())
    assert len(sent) == 800
    before = stand()
    answer = client.post(GRID, {"person": people, "do": "save", **sent}, follow=True)
    assert "Nothing was changed" in answer.content.decode()
    assert stand() == before
    assert not Mail.objects.exists()


@pytest.mark.rule("ACC-4")
def test_five_people_at_400_locations_are_sent_at_once(as_: As, gunnar: User, partner: Partner, pia: User) -> None:
    people = [str(member(pia).pk), *(str(make.MembershipFactory.create(partner=partner).pk) for _ in range(4))]
    sent = cells(as_(gunnar).get(GRID, {"person": people}).content.decode())
    assert len(sent) == 2000
    answer = as_(gunnar).post(GRID, {"person": people, "do": "save", **sent, "4n6000399": "u"}, follow=True)
    assert "1 cell is saved" in answer.content.decode()


@pytest.mark.rule("ACC-4")
def test_one_changed_cell_writes_one_row(as_: As, gunnar: User, ulf: User, pia: User, many: list[Location]) -> None:
    client = as_(gunnar)
    people = [str(member(user).pk) for user in (pia, ulf)]
    sent = cells(client.get(GRID, {"person": people}).content.decode())
    role = RoleAssignment.objects.get(membership__user=pia)
    others = list(RoleAssignment.objects.exclude(pk=role.pk).order_by("pk").values_list())
    kept = set(RoleLocation.objects.values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as queries:
        client.post(GRID, {"person": people, "do": "save", **sent, f"0n{many[300].mpn_id}": "a"})

    assert list(RoleAssignment.objects.exclude(pk=role.pk).order_by("pk").values_list()) == others
    fresh = RoleLocation.objects.exclude(pk__in=kept)
    assert [(row.assignment_id, row.location_id) for row in fresh] == [(role.pk, many[300].pk)]
    assert kept <= set(RoleLocation.objects.values_list("pk", flat=True))
    assert writes(queries, "accounts_roleassignment") == 0
    assert writes(queries, "accounts_rolelocation") == 1
    entry = AuditEntry.objects.get()
    assert (entry.act, len(entry.before["locations"]), len(entry.after["locations"])) == ("role_changed", 200, 201)  # type: ignore[index]
    assert Mail.objects.get(kind="role_changed").to == pia.email


@pytest.mark.rule("ACC-4")
def test_what_is_no_longer_listed_stays_as_history(as_: As, gunnar: User, pia: User, many: list[Location]) -> None:
    make.person("Eva", member(pia).partner, make.INCENTIVES_ADMIN)
    make.person("Eskil", member(pia).partner, make.INCENTIVES_ADMIN)
    since = RoleLocation.objects.get(location=many[0]).listed_at
    as_(gunnar).post(GRID, {"person": member(pia).pk, "do": "save", f"0a{many[0].mpn_id}": "u"})
    past = FormerRoleLocation.objects.get()
    assert (past.location_id, past.listed_at) == (many[0].pk, since)
    assert past.unlisted_at >= since
    held = {role.role: role for role in RoleAssignment.objects.filter(membership__user=pia, ended_at=None)}
    assert held[make.INCENTIVES_USER].locations.get() == many[0]
    assert held[make.INCENTIVES_ADMIN].listed.count() == 199
    assert Mail.objects.filter(kind="role_changed").count() == 1


@pytest.mark.rule("OPS-3")
def test_who_held_which_role_then_knows_what_was_listed_then(gunnar: User, pia: User, many: list[Location]) -> None:
    today = clock.today()
    with clock.moved_to(clock.now() + dt.timedelta(days=2)):
        role_grid.save(membership=member(pia), cells={many[0].pk: "", many[300].pk: make.INCENTIVES_ADMIN}, by=gunnar)

        def places(day: dt.date) -> set[str]:
            return {place for role in roles_as_of(many[0].partner_id, day) if role.email == pia.email for place in role.places}

        assert len(places(today)) == len(places(clock.today())) == 200
        assert places(today) - places(clock.today()) == {str(many[0])}
        assert places(clock.today()) - places(today) == {str(many[300])}


@pytest.mark.rule("ACC-2")
def test_what_it_leaves_uncovered_shows_before_it_is_done(as_: As, gunnar: User, pia: User, many: list[Location]) -> None:
    client, before = as_(gunnar), stand()
    change = {"person": member(pia).pk, f"0a{many[0].mpn_id}": "n"}
    page = client.post(GRID, {**change, "do": "save"}).content.decode()
    assert "1 location would be left without an incentives admin" in page
    assert many[0].name in page
    assert stand() == before
    seal = re.search(r'name="do" value="(save:\w+)"', page)
    assert seal
    assert f'name="0a{many[0].mpn_id}"' in page
    client.post(GRID, {**change, "do": "save:stale"})
    assert stand() == before
    client.post(GRID, {**change, "do": seal[1]})
    assert not RoleLocation.objects.filter(location=many[0]).exists()


@pytest.mark.rule("ACC-4")
def test_searching_keeps_what_was_changed(as_: As, gunnar: User, pia: User, many: list[Location]) -> None:
    """Without JavaScript: every button but save shows the page anew, and nothing is lost or written."""
    client, before = as_(gunnar), stand()
    sent = {"person": member(pia).pk, f"0n{many[300].mpn_id}": "a", "q": many[10].mpn_id, "do": "find"}
    page = client.post(GRID, sent).content.decode()
    assert list(cells(page)) == [f"0a{many[10].mpn_id}"]
    assert f'type="hidden" name="0n{many[300].mpn_id}" value="a"' in page
    filled = {"person": member(pia).pk, "country": "SE", "do": "fill", "fill_column": "0", "fill_role": "a", "fill_where": ""}
    page = client.post(GRID, filled).content.decode()
    shown = cells(page)
    assert len(shown) == 100
    assert set(shown.values()) == {"a"}
    everywhere = client.post(GRID, {**filled, "country": "", "q": "nothing", "fill_where": "NO"}).content.decode()
    assert len(re.findall(r'type="hidden" name="0n\d+" value="a"', everywhere)) == 150
    assert stand() == before


@pytest.mark.rule("ACC-4")
def test_people_come_and_go_from_the_grid(as_: As, gunnar: User, ulf: User, pia: User, many: list[Location]) -> None:
    client = as_(gunnar)
    wish = {f"0n{many[300].mpn_id}": "a"}
    added = client.post(GRID, {"person": member(pia).pk, "do": "add", "add": member(ulf).pk, **wish}).content.decode()
    assert cells(added)[f"0n{many[300].mpn_id}"] == "a"
    assert cells(added)[f"1u{many[300].mpn_id}"] == "u"
    both = [member(pia).pk, member(ulf).pk]
    dropped = client.post(GRID, {"person": both, "do": "drop:0", **wish, f"1u{many[0].mpn_id}": "a"}).content.decode()
    assert cells(dropped)[f"0u{many[0].mpn_id}"] == "a"
    assert f"0n{many[300].mpn_id}" not in dropped


@pytest.mark.rule("ACC-4")
@pytest.mark.parametrize("number", ["9" * 5_000, "1", "-1", "", "x", "²", "٠"])
def test_nobody_has_a_number_that_is_none(as_: As, gunnar: User, pia: User, many: list[Location], number: str) -> None:
    wish = {"person": member(pia).pk, f"0n{many[300].mpn_id}": "a"}
    for asked in ({"do": f"drop:{number}"}, {"do": "fill", "fill_column": number, "fill_role": "u"}):
        shown = cells(as_(gunnar).post(GRID, {**wish, **asked}).content.decode())
        assert shown[f"0n{many[300].mpn_id}"] == "a" and "u" not in {value for name, value in shown.items() if name[1] == "n"}


@pytest.mark.rule("ACC-8")
def test_nobody_elses_people_and_locations(
    as_: As, gunnar: User, ulf: User, otto: User, other_location: Location, location: Location
) -> None:
    client, before = as_(gunnar), stand()
    page = client.get(GRID, {"person": member(otto).pk}).content.decode()
    assert otto.name not in page
    client.post(GRID, {"person": member(otto).pk, "do": "save", f"0n{location.mpn_id}": "u"})
    client.post(GRID, {"person": member(ulf).pk, "do": "save", f"0n{other_location.mpn_id}": "a"})
    for odd in ({"person": "x", "do": "drop:9"}, {"do": "fill", "fill_column": "x"}, {"do": "save:x", "0zz": "a", "9a1": "n"}):
        assert client.post(GRID, odd).status_code in {200, 302}
    assert stand() == before


def test_a_cell_that_somebody_else_changed_is_not_overwritten(as_: As, gunnar: User, pia: User, many: list[Location]) -> None:
    """The page showed a user; meanwhile somebody took the role away."""
    before = stand()
    answer = as_(gunnar).post(GRID, {"person": member(pia).pk, "do": "save", f"0u{many[300].mpn_id}": "a"})
    assert "Somebody else changed these roles" in answer.content.decode()
    assert stand() == before
    # What is so already is no conflict: the second press of the same button.
    for _ in range(2):
        as_(gunnar).post(GRID, {"person": member(pia).pk, "do": "save", f"0n{many[301].mpn_id}": "a"})
    assert AuditEntry.objects.count() == before[2] + 1


def test_a_role_for_the_entire_organization_is_no_matter_of_cells(
    gunnar: User, ulf: User, partner: Partner, location: Location
) -> None:
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError) as refusal:
        role_grid.save(membership=member(ulf), cells={location.pk: ""}, by=gunnar)
    assert refusal.value.code == "entire_organization"
    assert role_grid.save(membership=member(ulf), cells={location.pk: make.INCENTIVES_ADMIN}, by=gunnar) == 1


@pytest.mark.rule("ACC-4")
def test_the_list_of_one_role_is_searched_and_ticked_without_javascript(
    as_: As, gunnar: User, pia: User, many: list[Location]
) -> None:
    client, before = as_(gunnar), stand()
    address = reverse("role_edit", args=[member(pia).pk, make.INCENTIVES_USER])
    ticked = {"where": "listed", "locations": [many[0].pk]}
    page = client.post(address, {**ticked, "do": "find", "q": many[5].mpn_id}).content.decode()
    assert page.count('type="checkbox" name="locations"') == 1
    assert f'type="hidden" name="locations" value="{many[0].pk}"' in page
    whole = client.post(address, {**ticked, "do": "tick:NO"}).content.decode()
    assert "<strong data-grid-count>301</strong>" in whole
    assert "<strong data-grid-count>0</strong>" in client.post(address, {**ticked, "do": "clear:shown"}).content.decode()
    assert stand() == before
