"""What Microsoft Entra ID and Okta send, in their own shapes (rule ACC-5)."""

from urllib.parse import quote
from uuid import uuid4

import pytest

from accounts.models import Directory, GroupMapping, Membership, Origin, RoleAssignment, User
from accounts.roles import PartnerRole
from tests.accounts.scim.conftest import DOMAIN, GROUP, USER, Scim, said

pytestmark = pytest.mark.rule("ACC-5")
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def roles_at(email: str) -> set[str]:
    held = RoleAssignment.objects.filter(membership__user__email=email, ended_at=None, origin=Origin.DIRECTORY)
    return set(held.values_list("role", flat=True))


def test_microsoft_entra_id(scim: Scim, directory: Directory) -> None:
    group_id = str(uuid4())
    GroupMapping.objects.create(directory=directory, group=group_id, role=PartnerRole.INCENTIVES_USER, entire_organization=True)
    # "Test Connection" asks for somebody who isn't there.
    probe = said(scim.get("/Users?filter=" + quote(f'userName eq "{uuid4()}"')))
    assert probe["totalResults"] == 0

    assert scim.get("/Users?filter=" + quote(f'userName eq "alva@{DOMAIN}"')).status_code == 200
    made = scim.ask(
        "POST",
        "/Users",
        {
            "schemas": [USER, ENTERPRISE],
            "externalId": "alva.lind",
            "userName": f"alva@{DOMAIN}",
            "active": True,
            "displayName": "Alva Lind",
            "emails": [{"primary": True, "type": "work", "value": f"alva@{DOMAIN}"}],
            "meta": {"resourceType": "User"},
            "name": {"formatted": "Alva Lind", "familyName": "Lind", "givenName": "Alva"},
            "roles": [],
            "addresses": [{"type": "work", "locality": "Umeå"}],
            "phoneNumbers": [{"type": "work", "value": "+46 90 1"}],
            ENTERPRISE: {"department": "Sales", "employeeNumber": "7"},
        },
    )
    assert made.status_code == 201
    body = said(made)
    assert body["schemas"] == [USER] and ENTERPRISE not in body and "addresses" not in body
    path = f"/Users/{body['id']}"

    # Several attributes in one operation without a path; capital letters; conditions as keys; attributes nobody keeps.
    changed = scim.patch(
        path,
        {"op": "Replace", "path": "displayName", "value": "Alva Ek"},
        {"op": "Add", "path": 'emails[type eq "other"].value', "value": "alva@home.example"},
        {"op": "Replace", "value": {"name.familyName": "Ek", 'emails[type eq "work"].value': f"alva.ek@{DOMAIN}", "title": "Chef"}},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Support"},
        {"op": "Replace", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+46 70 1"},
        {"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": str(uuid4())},
    )
    assert changed.status_code == 200
    body = said(changed)
    assert (body["displayName"], body["name"]["familyName"], body["title"]) == ("Alva Ek", "Ek", "Chef")
    assert {mail["type"]: mail["value"] for mail in body["emails"]} == {
        "work": f"alva.ek@{DOMAIN}",
        "other": "alva@home.example",
    }
    assert User.objects.get(email=f"alva@{DOMAIN}").name == "Alva Ek"

    # A group: asked for, created empty, read without members, filled one by one.
    ask = "/Groups?excludedAttributes=members&filter=" + quote('displayName eq "Incentive readers"')
    assert said(scim.get(ask))["totalResults"] == 0
    group = scim.ask(
        "POST",
        "/Groups",
        {
            "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
            "externalId": group_id,
            "displayName": "Incentive readers",
            "meta": {"resourceType": "Group"},
        },
    )
    assert group.status_code == 201
    at = f"/Groups/{said(group)['id']}"
    assert scim.get(f"{at}?excludedAttributes=members").status_code == 200
    assert scim.patch(at, {"op": "Add", "path": "members", "value": [{"$ref": None, "value": body["id"]}]}).status_code == 204
    assert roles_at(f"alva@{DOMAIN}") == {PartnerRole.INCENTIVES_USER}
    membership = "/Groups?excludedAttributes=members&filter=" + quote(f'id eq "{said(group)["id"]}" and members eq "{body["id"]}"')
    assert said(scim.get(membership))["totalResults"] == 1
    # Taking somebody out names them as a value, in the older dialect.
    assert scim.patch(at, {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": body["id"]}]}).status_code == 204
    assert roles_at(f"alva@{DOMAIN}") == set()
    assert scim.patch(at, {"op": "Replace", "path": "displayName", "value": "Readers"}).status_code == 204

    # Disabled: False comes as text, in the older dialect too.
    assert said(scim.patch(path, {"op": "Replace", "path": "active", "value": "False"}))["active"] is False
    assert Membership.objects.get(user__email=f"alva@{DOMAIN}").suspended_at is not None
    assert said(scim.patch(path, {"op": "Replace", "path": "active", "value": "True"}))["active"] is True
    assert scim.delete(path).status_code == 204 and scim.delete(path).status_code == 404
    assert scim.delete(at).status_code == 204


def test_okta(scim: Scim, directory: Directory) -> None:
    GroupMapping.objects.create(
        directory=directory, group="Incentives", role=PartnerRole.INCENTIVES_ADMIN, entire_organization=True
    )
    assert said(scim.get("/Users?startIndex=1&count=2"))["totalResults"] == 0
    asked = "/Users?startIndex=1&count=100&filter=" + quote(f'userName eq "ebba@{DOMAIN}"')
    assert said(scim.get(asked))["itemsPerPage"] == 0
    made = scim.ask(
        "POST",
        "/Users",
        {
            "schemas": [USER],
            "userName": f"ebba@{DOMAIN}",
            "name": {"givenName": "Ebba", "familyName": "Dal"},
            "emails": [{"primary": True, "value": f"ebba@{DOMAIN}", "type": "work"}],
            "displayName": "Ebba Dal",
            "locale": "sv-SE",
            "externalId": "00u1",
            "groups": [],
            "password": "1mz050nq",
            "active": True,
        },
    )
    assert made.status_code == 201 and b"1mz050nq" not in made.content
    body = said(made)
    assert not User.objects.get(email=f"ebba@{DOMAIN}").has_usable_password()
    path = f"/Users/{body['id']}"

    # A profile update is the whole resource as it was read, with what changed.
    read = said(scim.get(path))
    replaced = scim.put(path, {**read, "name": {"givenName": "Ebba", "familyName": "Berg"}, "displayName": "Ebba Berg"})
    assert replaced.status_code == 200 and said(replaced)["name"]["familyName"] == "Berg"
    assert said(replaced)["id"] == body["id"]

    group = scim.new_group("Incentives", body["id"])
    at = f"/Groups/{said(group)['id']}"
    assert roles_at(f"ebba@{DOMAIN}") == {PartnerRole.INCENTIVES_ADMIN}
    renamed = scim.patch(at, {"op": "replace", "value": {"id": said(group)["id"], "displayName": "Incentives"}})
    assert renamed.status_code == 204
    pushed = scim.patch(
        at,
        {"op": "remove", "path": f'members[value eq "{body["id"]}"]'},
        {"op": "add", "path": "members", "value": [{"value": body["id"], "display": f"ebba@{DOMAIN}"}]},
    )
    assert pushed.status_code == 204 and roles_at(f"ebba@{DOMAIN}") == {PartnerRole.INCENTIVES_ADMIN}
    assert scim.patch(at, {"op": "replace", "path": "members", "value": []}).status_code == 204
    assert roles_at(f"ebba@{DOMAIN}") == set()

    # Unassigned from the app: not active. Okta never deletes people.
    off = scim.patch(path, {"op": "replace", "value": {"active": False}})
    assert said(off)["active"] is False
    assert said(scim.get(asked))["Resources"][0]["active"] is False
    assert scim.put(path, {**said(off), "active": True}).status_code == 200
    assert Membership.objects.get(user__email=f"ebba@{DOMAIN}").suspended_at is None
