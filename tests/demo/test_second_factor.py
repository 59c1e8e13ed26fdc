"""In the demonstration the visitor holds everybody's authenticator app: the page that asks for a code shows it (rule ACC-9)."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from incentives_portal.demo import authenticator_app
from tests.signing_in import grow_old

pytestmark = pytest.mark.django_db
As = Callable[..., Client]


def shown(answer: Any) -> str:
    found = re.search(r"<strong>(\d{6})</strong>", answer.content.decode())
    return found[1] if found else ""


@pytest.mark.rule("ACC-9")
def test_the_page_that_asks_shows_the_code(as_: As, gunnar: User, settings: Any) -> None:
    authenticator_app.hand_out(gunnar)
    authenticator_app.hand_out(gunnar)
    client = as_(gunnar, ago=301)
    page = client.get(reverse("invite_person")).url
    assert shown(client.get(page)) == ""
    settings.DEMO = True
    code = shown(client.get(page))
    assert client.post(page, {"code": code}).url == reverse("invite_person")
    assert client.get(reverse("invite_person")).status_code == 200
    grow_old(client)
    late = client.post(reverse("invite_person"), {"email": "nora@x.example"})
    assert shown(late) and "was used already" in late.content.decode()


@pytest.mark.rule("ACC-9")
def test_one_click_signs_in_with_a_second_factor(client: Client, settings: Any) -> None:
    settings.DEMO = True
    rita = User.objects.create_superuser("rita@operator.example", name="Rita Sand")
    client.post(reverse("demo_sign_in"), {"email": rita.email})
    assert client.get("/").status_code == 200
    assert "127.0.0.1" in client.get(reverse("usersessions_list")).content.decode(), "the session is in the list of sessions"
    assert client.get(reverse("admin:accounts_user_change", args=[rita.pk])).status_code == 200


@pytest.mark.rule("ACC-9")
def test_without_an_app_the_page_that_sets_one_up_shows_the_code(as_: As, gunnar: User, settings: Any) -> None:
    client, page = as_(gunnar, second_factor=False), reverse("mfa_activate_totp")
    assert shown(client.get(page)) == ""
    settings.DEMO = True
    answer = client.post(page, {"code": shown(client.get(page))})
    assert answer.status_code == 302
    assert gunnar.authenticator_set.filter(type="totp").exists()
