"""/Groups: the directory's groups become roles by its mappings, at once (rule ACC-5)."""

import uuid
from typing import Any

import pytest
from django.test import Client

from accounts.models import (
    Directory,
    DirectoryGroup,
    DirectoryPerson,
    GroupMapping,
    Location,
    Origin,
    Partner,
    RoleAssignment,
    User,
)
from accounts.roles import PartnerRole
from incentives_portal.core.models import AuditEntry
from tests import factories as make
from tests.accounts.scim.conftest import DOMAIN, GROUP, USER, Scim, said

pytestmark = pytest.mark.rule("ACC-5")


@pytest.fixture
def readers(directory: Directory) -> GroupMapping:
    return GroupMapping.objects.create(
        directory=directory, group="Readers", role=PartnerRole.INCENTIVES_USER, entire_organization=True
    )


@pytest.fixture
def bosses(directory: Directory) -> GroupMapping:
    return GroupMapping.objects.create(
        directory=directory, group="bosses-id", role=PartnerRole.GLOBAL_ADMIN, entire_organization=True
    )


def someone(scim: Scim, name: str = "nils") -> str:
    return str(said(scim.new_user(f"{name}@{DOMAIN}"))["id"])


def roles_of(pk: str) -> set[str]:
    held = RoleAssignment.objects.filter(membership__in_directories=pk, ended_at=None, origin=Origin.DIRECTORY)
    return set(held.values_list("role", flat=True))


def add(*people: str) -> dict[str, Any]:
    return {"op": "add", "path": "members", "value": [{"value": pk} for pk in people]}


def take_out(pk: str) -> dict[str, Any]:
    return {"op": "remove", "path": f'members[value eq "{pk}"]'}


def test_members_hold_what_the_group_gives_as_long_as_they_are(scim: Scim, readers: GroupMapping) -> None:
    nils, nora = someone(scim), someone(scim, "nora")
    made = scim.new_group("readers", nils, externalId="r-1")
    assert made.status_code == 201
    body = said(made)
    assert [member["value"] for member in body["members"]] == [nils] and body["externalId"] == "r-1"
    assert body["members"][0]["$ref"].endswith(f"/Users/{nils}")
    assert said(scim.get(f"/Users/{nils}"))["groups"][0]["display"] == "readers"
    assert roles_of(nils) == {PartnerRole.INCENTIVES_USER} and roles_of(nora) == set()

    path = f"/Groups/{body['id']}"
    assert scim.patch(path, add(nora), take_out(nils)).status_code == 204
    assert roles_of(nils) == set() and roles_of(nora) == {PartnerRole.INCENTIVES_USER}
    assert "groups" not in said(scim.get(f"/Users/{nils}"))

    scim.put(path, {"schemas": [GROUP], "displayName": "readers", "members": [{"value": nils}]})
    assert roles_of(nils) == {PartnerRole.INCENTIVES_USER} and roles_of(nora) == set()
    assert scim.delete(path).status_code == 204
    assert roles_of(nils) == set() and scim.get(path).status_code == 404
    acts = AuditEntry.objects.filter(object_type="accounts.directorygroup").order_by("id")
    assert {entry.actor_kind for entry in acts} == {"directory"}
    assert acts[1].after == {"added": [f"nils@{DOMAIN}"], "removed": []}


def test_a_renamed_group_gives_what_its_new_name_gives(scim: Scim, readers: GroupMapping) -> None:
    nils = someone(scim)
    pk = said(scim.new_group("Sales", nils))["id"]
    rename = {"op": "replace", "path": "displayName", "value": "Readers"}
    assert scim.patch(f"/Groups/{pk}", rename).status_code == 204
    assert roles_of(nils) == {PartnerRole.INCENTIVES_USER}
    scim.patch(f"/Groups/{pk}", {**rename, "value": "Sales"})
    assert roles_of(nils) == set()
    scim.patch(f"/Groups/{pk}", {"op": "add", "path": "externalId", "value": "READERS"})
    assert roles_of(nils) == {PartnerRole.INCENTIVES_USER}


@pytest.mark.rule("ACC-4")
def test_a_change_that_would_take_the_last_global_admin_is_refused_as_a_whole(
    scim: Scim, bosses: GroupMapping, readers: GroupMapping, partner: Partner
) -> None:
    nils, nora = someone(scim), someone(scim, "nora")
    path = f"/Groups/{said(scim.new_group('Bosses', nils, externalId='bosses-id'))['id']}"
    assert roles_of(nils) == {PartnerRole.GLOBAL_ADMIN}
    before = said(scim.get(path))
    emptied = {"schemas": [GROUP], "displayName": "Bosses", "externalId": "bosses-id", "members": []}
    for answer in (
        scim.patch(path, take_out(nils)),
        scim.patch(path, {"op": "replace", "path": "externalId", "value": "other"}),
        scim.put(path, emptied),
        scim.delete(path),
    ):
        assert answer.status_code == 409 and "last active global admin" in said(answer)["detail"]
    assert said(scim.get(path)) == before and roles_of(nils) == {PartnerRole.GLOBAL_ADMIN}

    assert scim.patch(path, take_out(nils), add(nora)).status_code == 204, "who comes stands in for who goes"
    assert roles_of(nora) == {PartnerRole.GLOBAL_ADMIN} and roles_of(nils) == set()


def test_members_are_this_directorys_people_alone(scim: Scim, others: Scim, directory: Directory, partner: Partner) -> None:
    foreign = str(said(others.new_user("otto@brandt.example"))["id"])
    unprovisioned = DirectoryPerson.objects.create(
        directory=directory, membership=make.MembershipFactory.create(partner=partner), subject="x"
    )
    pk = said(scim.new_group("Sales"))["id"]
    for stranger in (foreign, str(unprovisioned.pk), str(uuid.uuid4()), "nonsense", "", f'{foreign}" or value pr or value eq "'):
        for answer in (
            scim.patch(f"/Groups/{pk}", add(stranger)),
            scim.put(f"/Groups/{pk}", {"schemas": [GROUP], "displayName": "Sales", "members": [{"value": stranger}]}),
            scim.new_group("Other", stranger),
        ):
            assert answer.status_code == 400, stranger
    assert not DirectoryGroup.members.through.objects.exists()
    # Taking out who isn't in is no change.
    assert scim.patch(f"/Groups/{pk}", take_out(foreign)).status_code == 204
    assert said(scim.get(f"/Groups/{pk}"))["meta"]["version"] == 'W/"1"'


def test_another_partners_groups_and_people_do_not_exist(scim: Scim, others: Scim) -> None:
    group = said(others.new_group("Vertrieb"))["id"]
    person = said(others.new_user("otto@brandt.example"))["id"]
    for path in (f"/Groups/{group}", f"/Users/{person}"):
        body = {"schemas": [GROUP if "Groups" in path else USER], "displayName": "x", "userName": f"x@{DOMAIN}"}
        answers = [scim.get(path), scim.put(path, body), scim.delete(path)]
        answers.append(scim.patch(path, {"op": "replace", "path": "externalId", "value": "mine"}))
        assert {answer.status_code for answer in answers} == {404}
    assert said(scim.get("/Groups"))["totalResults"] == 0
    assert said(scim.get(f'/Users?filter=id eq "{person}"'))["totalResults"] == 0
    assert said(scim.get(f'/Groups?filter=members.value eq "{person}"'))["totalResults"] == 0


def test_names_of_groups_are_unique(scim: Scim) -> None:
    first, second = said(scim.new_group("Sales"))["id"], said(scim.new_group("Support"))["id"]
    again = scim.new_group("SALES")
    assert (again.status_code, said(again)["scimType"]) == (409, "uniqueness")
    rename = {"op": "replace", "path": "displayName", "value": "sales"}
    assert scim.patch(f"/Groups/{second}", rename).status_code == 409
    assert scim.patch(f"/Groups/{first}", rename).status_code == 204


def test_without_members_a_group_is_cheap(scim: Scim, django_assert_max_num_queries: Any) -> None:
    people = [someone(scim, f"p{number}") for number in range(5)]
    pk = said(scim.new_group("Sales", *people))["id"]
    assert len(said(scim.get(f"/Groups/{pk}"))["members"]) == 5
    with django_assert_max_num_queries(5):
        assert "members" not in said(scim.get(f"/Groups/{pk}?excludedAttributes=members"))
        listed = said(scim.get("/Groups?attributes=displayName"))["Resources"][0]
    assert set(listed) == {"schemas", "id", "displayName"}
    assert len(said(scim.get("/Groups?attributes=members.value"))["Resources"][0]["members"]) == 5


def test_who_leaves_the_directory_leaves_its_groups(scim: Scim, readers: GroupMapping) -> None:
    nils = someone(scim)
    pk = said(scim.new_group("Readers", nils))["id"]
    scim.delete(f"/Users/{nils}")
    body = said(scim.get(f"/Groups/{pk}"))
    assert "members" not in body and body["meta"]["version"] != 'W/"2"'
    assert not RoleAssignment.objects.filter(role=PartnerRole.INCENTIVES_USER, ended_at=None, origin=Origin.DIRECTORY).exists()


def test_roles_of_the_group_wait_while_somebody_is_suspended(scim: Scim, readers: GroupMapping) -> None:
    nils = someone(scim)
    scim.new_group("Readers", nils)
    scim.patch(f"/Users/{nils}", {"op": "replace", "path": "active", "value": False})
    assert roles_of(nils) == set()
    scim.patch(f"/Users/{nils}", {"op": "replace", "path": "active", "value": True})
    assert roles_of(nils) == {PartnerRole.INCENTIVES_USER}


@pytest.mark.rule("ACC-1")
def test_a_role_of_a_group_holds_for_the_mapped_locations(scim: Scim, directory: Directory, location: Location) -> None:
    mapping = GroupMapping.objects.create(directory=directory, group="Göteborg", role=PartnerRole.INCENTIVES_ADMIN)
    mapping.locations.add(location)
    nils = someone(scim)
    scim.new_group("göteborg", nils)
    role = RoleAssignment.objects.get(role=PartnerRole.INCENTIVES_ADMIN)
    assert [place.mpn_id for place in role.locations.all()] == [location.mpn_id]
    browser = Client()
    browser.force_login(User.objects.get(email=f"nils@{DOMAIN}"), backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get("/profiles/").status_code == 200
