"""The pages of the second factor are the portal's own, from activating it to signing in with it."""

from collections.abc import Callable

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
PASSWORD = "a long enough password"


def with_second_factor(user: User) -> User:
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)
    return user


def heading(client: Client, path: str) -> str:
    html = client.get(path).content.decode()
    assert html.count("<h1>") == 1
    assert "letterhead" in html
    return html.split("<h1>")[1].split("</h1>")[0]


@pytest.fixture
def her_password(ines: User) -> None:
    ines.set_password(PASSWORD)
    ines.save()


@pytest.mark.usefixtures("her_password")
def test_activating(as_: As, ines: User) -> None:
    client = as_(ines)
    assert heading(client, "/accounts/2fa/totp/activate/") == "Activate the authenticator app"
    html = client.get("/accounts/2fa/totp/activate/").content.decode()
    assert 'alt="QR code for the authenticator app"' in html
    assert 'autocomplete="one-time-code"' in html


@pytest.mark.rule("ACC-9")
@pytest.mark.usefixtures("her_password")
@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("", "Sign-in security"),
        ("recovery-codes/", "Recovery codes"),
        ("recovery-codes/generate/", "Make new recovery codes"),
        ("totp/deactivate/", "Deactivate the authenticator app"),
    ],
)
def test_once_it_is_active(as_: As, ines: User, path: str, title: str) -> None:
    client = as_(with_second_factor(ines))
    assert heading(client, f"/accounts/2fa/{path}") == title


@pytest.mark.rule("ACC-9")
@pytest.mark.usefixtures("her_password")
def test_confirming_once_more(as_: As, ines: User) -> None:
    client = as_(with_second_factor(ines))
    assert heading(client, "/accounts/2fa/reauthenticate/") == "Confirm that it is you"
    assert client.get("/accounts/reauthenticate/").url == "/accounts/2fa/reauthenticate/"


@pytest.mark.usefixtures("her_password")
def test_signing_in_asks_for_it(client: Client, ines: User) -> None:
    with_second_factor(ines)
    response = client.post("/accounts/login/", {"login": ines.email, "password": PASSWORD})
    assert response.url == "/accounts/2fa/authenticate/"
    assert heading(client, response.url) == "Second factor"
