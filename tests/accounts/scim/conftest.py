"""A partner whose directory provisions people, and a client that speaks SCIM with its token."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import Directory, DirectoryPerson, MailDomain, Partner
from accounts.services import scim_tokens
from incentives_portal.core import audit, clock

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
DOMAIN = "norrsken.example"


@dataclass
class Scim:
    """Requests below /scim/v2 with one token."""

    token: str
    client: Client

    def ask(self, verb: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> HttpResponse:
        sent = raw if raw is not None else json.dumps(body).encode() if body is not None else b""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            verb,
            f"/scim/v2{path}",
            sent,
            content_type="application/scim+json",
            headers={"Authorization": f"Bearer {self.token}", **named},
        )  # type: ignore[return-value]

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.ask("GET", path, **headers)

    def delete(self, path: str, **headers: str) -> HttpResponse:
        return self.ask("DELETE", path, **headers)

    def put(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self.ask("PUT", path, body, **headers)

    def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> HttpResponse:
        return self.ask("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers)

    def new_user(self, user_name: str = f"nils@{DOMAIN}", **attributes: Any) -> HttpResponse:
        return self.ask("POST", "/Users", {"schemas": [USER], "userName": user_name, **attributes})

    def new_group(self, name: str, *members: str, **attributes: Any) -> HttpResponse:
        listed = [{"value": member} for member in members]
        return self.ask("POST", "/Groups", {"schemas": [GROUP], "displayName": name, "members": listed, **attributes})


def said(response: HttpResponse) -> Any:
    return json.loads(response.content)


def row_of(response: HttpResponse) -> DirectoryPerson:
    return DirectoryPerson.objects.select_related("membership__user").get(pk=said(response)["id"])


def connected(partner: Partner, domain: str) -> tuple[Directory, str]:
    """A partner's directory with a proven mail domain, and a token of it."""
    _row, text = scim_tokens.create(partner=partner, name="Entra", by=audit.SYSTEM)
    directory = partner.directory
    MailDomain.objects.create(directory=directory, domain=domain, proven_at=clock.now())
    return directory, text


@pytest.fixture
def scim(partner: Partner, client: Client) -> Scim:
    """The directory of the partner that most tests are about."""
    return Scim(connected(partner, DOMAIN)[1], client)


@pytest.fixture
def directory(scim: Scim, partner: Partner) -> Directory:
    return Directory.objects.get(partner=partner)


@pytest.fixture
def others(other_partner: Partner, client: Client) -> Scim:
    """Another partner's directory."""
    return Scim(connected(other_partner, "brandt.example")[1], client)
