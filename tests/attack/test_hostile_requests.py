"""Requests that no browser sends: refused in words, never a page that breaks, and nothing changed."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from accounts.models import Location, Partner, TeamInvitation, User
from accounts.services import team_invitations
from incentives_portal.core.models import Mail
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize(
    "path",
    [
        "/people/?q=a%00b",
        "/people/?page=1&%00=1",
        "/incentives/?q=%00%00",
        "/incentives/guides/PROG%00/",
        "/admin/autocomplete/?term=%00&app_label=accounts&model_name=roleassignment&field_name=membership",
        "/admin/accounts/roleassignment/%00/change/",
    ],
)
def test_a_nul_in_an_address_is_a_bad_request(path: str, as_: As, gunnar: User) -> None:
    assert as_(gunnar).get(path).status_code == 400


@pytest.mark.rule("ACC-8")
def test_a_nul_in_a_cookie_is_a_bad_request(client: Client) -> None:
    answer = client.get("/", headers={"cookie": 'sessionid="' + "\\000" * 12 + '"'})
    assert answer.status_code == 400


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize(
    "page", ["http://[::", "javascript:alert(1)", "http://evil.example/x", "%00", "http://testserver//evil.example/"]
)
def test_a_forged_htmx_address_leads_to_the_sign_in_page_of_this_portal(page: str, client: Client) -> None:
    answer = client.get("/incentives/", headers={"hx-request": "true", "hx-current-url": page})
    assert answer.headers["HX-Redirect"].startswith("/accounts/login/?next=/")


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "http:///evil.example"]
)
def test_no_way_leads_out_of_the_portal(target: str, as_: As, gunnar: User, location: Location) -> None:
    client = as_(gunnar)
    answers = [
        client.post("/language/", {"language": "en", "next": target}),
        client.get("/admin/login/", {"next": target}),
        client.get("/accounts/login/", {"next": target}),
        client.post("/accounts/logout/", {"next": target}),
    ]
    assert [answer.headers["Location"] for answer in answers] == ["/", "/admin/", "/", "/"]


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(target: str, client: Client, ulf: User) -> None:
    given = {"login": ulf.email, "password": PASSWORD, "next": target}
    answer = client.post(f"/accounts/login/?next={quote(target)}", given)
    assert (answer.status_code, answer.headers.get("Location")) == (302, "/")


@pytest.mark.rule("ACC-8")
def test_a_spoofed_host_is_refused(client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["portal.example"]
    assert client.get("/accounts/login/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.rule("ACC-5")
@pytest.mark.parametrize(
    "email",
    [
        "a@\ua7dc.example",
        "a@exa\u200bmple.example",
        "a@\u202eelpmaxe.example",
        "a@b.example Bcc: c@d.example",
        "Bcc: c@d.example",
    ],
)
def test_an_invitation_goes_to_an_address_that_can_be_read(email: str, as_: As, gunnar: User) -> None:
    given = {"emails": email, "role": "incentives_user", "where": "organization", "language": "en"}
    answer = as_(gunnar).post("/people/invite/", given)
    assert answer.status_code == 422
    assert answer.context["form"].errors or answer.context["refused"]
    assert not Mail.objects.exists()
    assert not TeamInvitation.objects.exists()


@pytest.mark.rule("ACC-5")
@pytest.mark.parametrize("name", ["Nora\u202eyN", "Nora\u200b Ny", "Nora\r\nBcc: x@y.example", "N" * 10_000, "\x00"])
def test_who_joins_has_a_name_that_can_be_read(name: str, client: Client, gunnar: User, partner: Partner) -> None:
    team_invitations.invite(partner=partner, email="n@x.example", role="incentives_user", entire_organization=True, by=gunnar)
    token = re.search(r"/join/([^/\s]+)/", Mail.objects.get().text)
    assert token
    answer = client.post(f"/join/{token[1]}/", {"name": name, "password": "a-long-enough-password"})
    assert answer.status_code == 422
    assert not User.objects.filter(email="n@x.example").exists()
