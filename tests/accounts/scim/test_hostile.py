"""What must never work, and never break: no token, no JSON, somebody else's, twice at once (rule ACC-5)."""

import datetime as dt
import json
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from accounts.models import DirectoryPerson, Membership, Partner, ScimToken, User
from accounts.services import scim_tokens
from incentives_portal.core import audit, clock
from tests import factories as make
from tests.accounts.scim.conftest import DOMAIN, PATCH, USER, Scim, connected, said
from tests.side_by_side import at_once

pytestmark = pytest.mark.rule("ACC-5")

ADDRESSES = [
    "/Users", "/Users/0b9a1c6e-7a53-4a39-8a53-0f6a0c5a4b11", "/Groups", "/Groups/0b9a1c6e-7a53-4a39-8a53-0f6a0c5a4b11",
    "/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User", "/Schemas", "/Schemas/" + USER,
    "/Bulk", "/Me", "/.search", "/Users/.search", "/Groups/.search", "", "/", "/nothing", "/Users/a/b",
]  # fmt: skip
VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


def bare(verb: str, path: str, client: Client, **headers: str) -> Any:
    return client.generic(verb, f"/scim/v2{path}", b"{}", content_type="application/scim+json", headers=headers)


@pytest.mark.django_db
def test_without_a_token_every_address_answers_401_whatever_the_verb_or_cookie(gunnar: User, client: Client) -> None:
    signed_in = Client(enforce_csrf_checks=True)
    signed_in.force_login(gunnar, backend="django.contrib.auth.backends.ModelBackend")
    for who in (client, signed_in):
        for path in ADDRESSES:
            for verb in VERBS:
                response = bare(verb, path, who)
                assert response.status_code == 401, (verb, path)
                assert response.headers["WWW-Authenticate"].startswith("Bearer")
                assert response.headers["Content-Type"] == "application/scim+json"
                assert not response.cookies and "no-store" in response.headers["Cache-Control"]
                if verb != "HEAD":
                    assert said(response)["status"] == "401"


def test_a_token_counts_in_its_header_alone_and_while_it_is_in_force(scim: Scim, partner: Partner, client: Client) -> None:
    token = scim.token
    for headers in (
        {"Authorization": f"Basic {token}"},
        {"Authorization": token},
        {"Authorization": f"Bearer {token}x"},
        {"Authorization": f"Bearer {token[:-1]}"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer pscim_å"},
        {"Authorization": f"Bearer {ScimToken.objects.get().token_hash!r}"},
        {"Cookie": f"access_token={token}"},
        {"X-Authorization": f"Bearer {token}"},
    ):
        cache.clear()
        assert bare("GET", "/Users", client, **headers).status_code == 401, headers
    assert bare("GET", f"/Users?access_token={token}", client).status_code == 401
    assert bare("GET", "/Users", client, Authorization=f"bearer  {token} ").status_code == 200

    expiring, text = scim_tokens.create(partner=partner, name="Till today", expires_on=clock.today(), by=audit.SYSTEM)
    assert Scim(text, client).get("/Users").status_code == 200
    with clock.moved_to(clock.now() + dt.timedelta(days=1)):
        assert Scim(text, client).get("/Users").status_code == 401
    scim_tokens.revoke(token=expiring, by=audit.SYSTEM)
    assert Scim(text, client).get("/Users").status_code == 401
    assert scim.get("/Users").status_code == 200


def test_who_guesses_waits_and_who_knows_does_not(scim: Scim, client: Client) -> None:
    cache.clear()
    answers = [bare("GET", "/Users", client, Authorization=f"Bearer pscim_{number}") for number in range(40)]
    assert answers[0].status_code == 401 and answers[-1].status_code == 429
    assert answers[-1].headers["Retry-After"]
    assert scim.get("/Users").status_code == 200
    cache.clear()


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400), (b"{", 400), (b"[]", 400), (b'"x"', 400), (b"null", 400), (b"\xff\xfe", 400), (b"[" * 50_000, 400),
        (b'{"schemas": ["x"], "userName": "nils@norrsken.example"}', 400),
        (b'{"userName": 5}', 400), (b'{"userName": ["nils@norrsken.example"]}', 400), (b'{"userName": null}', 400),
        (b'{"userName": ""}', 400), (b'{"userName": "   "}', 400),
        (b'{"userName": "nils\\u0000@norrsken.example"}', 400), (b'{"userName": "nils\\ud800@norrsken.example"}', 400),
        (b'{"userName": "nils\\u202e@norrsken.example"}', 400), (b'{"userName": "nils@norrsken.example\\nBcc: x@y.example"}', 400),
        (b'{"userName": "nils@norrsken.example", "active": "perhaps"}', 400),
        (b'{"userName": "nils@norrsken.example", "emails": "nils"}', 400),
        (b'{"userName": "nils@norrsken.example", "emails": [5]}', 400),
        (b'{"userName": "nils@norrsken.example", "name": "Nils"}', 400),
        (b'{"userName": "' + b"n" * 300 + b'@norrsken.example"}', 400),
        (b'{"userName": "nils@norrsken.example", "externalId": "' + b"e" * 300 + b'"}', 400),
        (b'{"userName": "nils@norrsken.example", "title": "' + b"t" * 70_000 + b'"}', 413),
        (b'{"x": "' + b"t" * 3_000_000 + b'"}', 413),
        (b'{"userName": "nils@norrsken.example", "id": "1", "groups": [{"value": "x"}], "meta": {"version": "9"}}', 201),
        (b'{"userName": "nils@norrsken.example", "displayName": "' + b"d" * 5_000 + b'"}', 201),
        (b'{"userName": "nils@norrsken.example", "displayName": "=cmd|x\\u202e<script>"}', 201),
    ],
)  # fmt: skip
def test_bodies(scim: Scim, raw: bytes, status: int) -> None:
    if raw.startswith(b'{"userName"'):
        raw = b'{"schemas": ["' + USER.encode() + b'"], ' + raw[1:]
    response = scim.ask("POST", "/Users", raw=raw)
    assert response.status_code == status, response.content
    if status >= 400:
        assert said(response)["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert not DirectoryPerson.objects.exists() and not User.objects.filter(email__contains="nils").exists()
    else:
        assert all(ord(char) != 0x202E for char in User.objects.get().name) and len(User.objects.get().name) <= 200


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ({"op": "remove"}, "noTarget"), ({"op": "frobnicate", "path": "title"}, "invalidValue"), ({}, None), ("x", None),
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"), ({"op": "remove", "path": "userName"}, "mutability"),
        ({"op": "replace", "path": "groups", "value": []}, "mutability"), ({"op": "replace", "path": "userName", "value": None}, None),
        ({"op": "replace", "path": "emails[", "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": "(" * 5000, "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": 'emails[type eq "' + "x" * 10_000 + '"].value', "value": 5}, None),
        ({"op": "replace", "path": "active", "value": "perhaps"}, "invalidValue"),
        ({"op": "replace", "path": "meta.version", "value": "x"}, "mutability"),
        ({"op": "replace", "value": "x"}, "invalidValue"), ({"op": "add", "path": "title"}, "invalidValue"),
    ],
)  # fmt: skip
def test_patches_that_make_no_sense_change_nothing(scim: Scim, operation: Any, kind: str | None) -> None:
    pk = said(scim.new_user(title="Chef"))["id"]
    response = scim.ask("PATCH", f"/Users/{pk}", {"schemas": [PATCH], "Operations": [{"op": "remove", "path": "title"}, operation]})
    assert response.status_code == 400, response.content
    assert kind is None or said(response)["scimType"] == kind
    assert said(scim.get(f"/Users/{pk}"))["title"] == "Chef"


def test_odd_addresses(scim: Scim) -> None:
    for path in (
        "/Users/x",
        "/Users/%00",
        "/Users?filter=%00",
        "/Users/..%2f..%2fadmin",
        "/Groups/1%27%20OR%201=1",
        "/Users/" + "9" * 5000,
    ):
        response = scim.get(path)
        assert response.status_code in {400, 404}, path
    assert scim.get("/Users/").status_code == 200
    assert scim.ask("POST", "/Bulk", {}).status_code == 501
    assert scim.get("/Me").status_code == 501
    assert scim.ask("POST", "/Users/.search", {}).status_code == 501
    refused = scim.ask("DELETE", "/Users")
    assert refused.status_code == 405 and refused.headers["Allow"] == "GET, POST"


@pytest.fixture
def committed(transactional_db: None) -> tuple[Partner, str]:
    partner = make.PartnerFactory.create()
    make.person("Gunnar Lind", partner, make.GLOBAL_ADMIN)
    return partner, connected(partner, DOMAIN)[1]


def test_the_same_person_twice_at_once_comes_once(committed: tuple[Partner, str]) -> None:
    _partner, token = committed
    for number in range(5):
        answers = at_once(*[lambda n=number: Scim(token, Client()).new_user(f"n{n}@{DOMAIN}").status_code] * 4)
        assert sorted(answers) == [201, 409, 409, 409]
    assert DirectoryPerson.objects.count() == 5


def test_of_two_changes_of_one_version_one_wins(committed: tuple[Partner, str]) -> None:
    _partner, token = committed
    pk = said(Scim(token, Client()).new_user())["id"]

    def change(title: str) -> Any:
        operation = {"op": "replace", "path": "title", "value": title}
        return lambda: Scim(token, Client()).patch(f"/Users/{pk}", operation, If_Match='W/"1"').status_code

    assert sorted(at_once(change("a"), change("b"), change("c"))) == [200, 412, 412]


@pytest.mark.rule("ACC-4")
def test_the_last_two_global_admins_cant_both_go_at_once(committed: tuple[Partner, str]) -> None:
    partner, token = committed
    people = [said(Scim(token, Client()).new_user(f"n{number}@{DOMAIN}"))["id"] for number in range(2)]
    for pk in people:
        make.give_role(DirectoryPerson.objects.get(pk=pk).membership.user, partner, make.GLOBAL_ADMIN)
    Membership.objects.filter(user__name="Gunnar Lind").update(suspended_at=clock.now())
    answers = at_once(*[lambda pk=pk: Scim(token, Client()).delete(f"/Users/{pk}").status_code for pk in people])
    assert sorted(answers) == [204, 409]


def test_nothing_of_a_token_is_kept_but_its_hash(scim: Scim, partner: Partner) -> None:
    scim.new_user()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{scim.token[8:]}%"])
            assert cursor.fetchone() == (0,), table
    assert json.dumps(list(ScimToken.objects.values("name"))) == '[{"name": "Entra"}]'
