"""The sheet around every page: landmarks, language, whom the page speaks for, what went wrong."""

import re
from collections.abc import Callable

import pytest
from django.template.loader import render_to_string
from django.test import Client

from accounts.models import Membership, Partner, User

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
STYLEGUIDE = "/demo/styleguide/"


def text_of(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    return response.content.decode()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (STYLEGUIDE, 200),
        (f"{STYLEGUIDE}?errors=1", 200),
        ("/accounts/login/", 200),
        ("/accounts/password/reset/", 200),
        ("/nowhere/", 404),
    ],
)
def test_a_page_has_one_of_each_landmark(client: Client, path: str, status: int) -> None:
    html = text_of(client, path, status)
    assert html.count("<main ") == html.count("<h1>") == html.count("<footer ") == 1
    assert '<html lang="en">' in html
    assert 'href="#main"' in html
    assert re.search(r"<title>[^<]+ – Northwind Partner Center</title>", html)
    identifiers = re.findall(r'\bid="([^"]+)"', html)
    assert len(identifiers) == len(set(identifiers))


def test_a_page_speaks_the_readers_language(client: Client) -> None:
    response = client.get("/accounts/login/", headers={"accept-language": "sv"})
    assert '<html lang="sv">' in response.content.decode()


@pytest.mark.rule("ACC-6")
def test_every_page_says_for_which_partner_it_speaks(as_: As, ines: User, partner: Partner) -> None:
    html = text_of(as_(ines), STYLEGUIDE)
    assert f"<strong>{partner.legal_name}</strong>" in html


@pytest.mark.rule("ACC-6")
def test_who_belongs_to_several_partners_may_switch(as_: As, ines: User, other_partner: Partner) -> None:
    Membership.objects.create(user=ines, partner=other_partner)
    html = text_of(as_(ines), STYLEGUIDE)
    assert f'<button name="partner" value="{other_partner.pk}"' in html


def test_the_index_offers_what_one_may_see(as_: As, ines: User, gunnar: User, rita: User) -> None:
    assert "Payout and tax profiles" in text_of(as_(ines), STYLEGUIDE)
    gunnars = text_of(as_(gunnar), STYLEGUIDE)
    assert "User management" in gunnars
    assert "Payout and tax profiles" not in gunnars
    assert "Reviews" in text_of(as_(rita), STYLEGUIDE)


def test_signed_out_there_is_no_index(client: Client) -> None:
    assert "<nav" not in text_of(client, "/accounts/login/")


def test_signing_out_is_a_post(as_: As, ines: User) -> None:
    html = text_of(as_(ines), STYLEGUIDE)
    assert '<form method="post" action="/accounts/logout/">' in html


@pytest.mark.parametrize("name", ["400.html", "500.html", "403_csrf.html"])
def test_an_error_page_needs_nothing_to_be_shown(name: str) -> None:
    """Django renders them without a request, and perhaps without a database."""
    html = render_to_string(name)
    assert "<h1>" in html
    assert "</html>" in html


@pytest.mark.parametrize(
    "path", ["/accounts/2fa/", "/accounts/sessions/", "/accounts/password/change/", "/accounts/email/", "/accounts/logout/"]
)
def test_the_pages_of_sign_in_wear_the_same_dress(as_: As, ines: User, path: str) -> None:
    html = text_of(as_(ines), path)
    assert html.count("<h1>") == 1
    assert "letterhead" in html


def test_the_sign_in_form_survives_a_mistake(client: Client) -> None:
    response = client.post("/accounts/login/", {"login": "not an address", "password": ""})
    html = response.content.decode()
    assert 'class="error-summary"' in html
    assert 'href="#id_password"' in html
    assert 'autocomplete="current-password"' in html
