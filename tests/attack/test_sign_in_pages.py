"""The pages that come with the sign-in library: what of them is closed, and what they give away (rule ACC-5)."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from incentives_portal.core.models import Mail
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


@pytest.mark.rule("INV-6")
def test_the_mail_to_set_a_new_password_is_owed_and_names_the_portal_alone(client: Client, ulf: User, settings: Any) -> None:
    settings.PORTAL_URL, settings.ALLOWED_HOSTS = "https://portal.example", ["*"]
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 9
    User.objects.filter(pk=ulf.pk).update(language="sv")
    answers = [
        client.post("/accounts/password/reset/", {"email": email}, headers={"host": "evil.example"})
        for email in (ulf.email, "nobody@x.example")
    ]
    assert [answer.status_code for answer in answers] == [302, 302]
    known, unknown = (Mail.objects.get(to=email) for email in (ulf.email, "nobody@x.example"))
    link = re.search(r"https://portal.example(/accounts/password/reset/key/\S+)", known.text)
    assert link and link[0] in known.html
    assert (known.language, unknown.language) == ("sv", "en")
    assert "evil" not in known.text + known.html + unknown.text + unknown.html
    assert client.get(link[1], follow=True).status_code == 200
    assert "password/reset/key" not in unknown.text


@pytest.mark.rule("ACC-5")
def test_with_redis_away_people_sign_in_and_guessing_is_still_slowed_down(client: Client, ulf: User, settings: Any) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:9/0"}}
    given = {"login": ulf.email, "password": "wrong"}
    said = [client.post("/accounts/login/", given).content.decode() for _ in range(8)]
    assert "Too many" in said[-1]
    assert client.post("/accounts/password/reset/", {"email": ulf.email}).status_code == 302
    cache.clear()
    answer = client.post("/accounts/login/", given | {"password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


@pytest.mark.rule("ACC-5")
def test_guessing_is_slowed_down_whatever_address_it_claims_to_come_from(client: Client, ulf: User) -> None:
    def guess(password: str, number: int) -> str:
        given = {"login": ulf.email, "password": password}
        return client.post("/accounts/login/", given, headers={"x-forwarded-for": f"10.0.0.{number}"}).content.decode()

    said = [guess("wrong", number) for number in range(12)]
    assert "Too many" in said[-1]
    assert "Too many" in guess(PASSWORD, 99)
