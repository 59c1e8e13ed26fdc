"""The pages that come with the sign-in library: what of them is closed, and what they give away (rule ACC-5)."""

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import User
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]


@pytest.mark.rule("ACC-5")
@pytest.mark.parametrize("action", ["action_add", "action_primary", "action_remove", "action_send"])
def test_nobody_gives_themselves_another_address(action: str, as_: As, ulf: User) -> None:
    client = as_(ulf)
    assert ulf.email in client.get("/accounts/email/").content.decode()
    assert client.post("/accounts/email/", {"email": "somebody@else.example", action: ""}).status_code == 405
    ulf.refresh_from_db()
    assert ulf.email.startswith("ulf@")
    assert not EmailAddress.objects.filter(email="somebody@else.example").exists()


@pytest.mark.rule("ACC-5")
def test_nobody_signs_themselves_up(client: Client) -> None:
    password = "a-long-enough-password"
    client.post("/accounts/signup/", {"email": "new@x.example", "password1": password, "password2": password})
    assert not User.objects.filter(email="new@x.example").exists()


@pytest.mark.rule("ACC-5")
def test_a_forgotten_password_does_not_tell_who_has_an_account(client: Client, ulf: User) -> None:
    known, unknown = (client.post("/accounts/password/reset/", {"email": email}) for email in (ulf.email, "nobody@x.example"))
    assert known.status_code == unknown.status_code == 302
    assert known.headers["Location"] == unknown.headers["Location"]


@pytest.mark.rule("ACC-5")
def test_guessing_is_slowed_down_whatever_address_it_claims_to_come_from(client: Client, ulf: User) -> None:
    def guess(password: str, number: int) -> str:
        given = {"login": ulf.email, "password": password}
        return client.post("/accounts/login/", given, headers={"x-forwarded-for": f"10.0.0.{number}"}).content.decode()

    said = [guess("wrong", number) for number in range(12)]
    assert "Too many" in said[-1]
    assert "Too many" in guess(PASSWORD, 99)
