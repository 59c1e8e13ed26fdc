"""Signing in, and what concerns it, is in the audit log of every partner that the person belongs to (rule OPS-3)."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.test import Client

from accounts.models import Partner, User
from accounts.services import signing_in
from incentives_portal.core.models import AuditEntry
from tests import factories as make

pytestmark = pytest.mark.rule("OPS-3")


@pytest.fixture(autouse=True)
def _no_memory() -> None:
    cache.clear()


def acts() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))


def sign_in(client: Client, email: str, password: str = make.PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password})


def test_signing_in(ines: User, client: Client, partner: Partner) -> None:
    assert sign_in(client, ines.email).status_code == 302
    entry = AuditEntry.objects.get(act="signed_in")
    assert (entry.partner_id, entry.actor_id, entry.after) == (partner.pk, ines.pk, {"person": ines.email, "methods": ["password"]})


def test_it_is_for_every_partner_of_the_person(ines: User, partner: Partner, other_partner: Partner, client: Client) -> None:
    make.give_role(ines, other_partner, make.INCENTIVES_USER)
    sign_in(client, ines.email)
    assert set(AuditEntry.objects.filter(act="signed_in").values_list("partner_id", flat=True)) == {partner.pk, other_partner.pk}


def test_the_operators_people_sign_in_for_no_partner(rita: User) -> None:
    signing_in.record("signed_in", rita, by=rita)
    assert AuditEntry.objects.get(act="signed_in").partner_id is None


def test_wrong_passwords_are_recorded_once_when_they_are_too_many(ines: User, client: Client, partner: Partner) -> None:
    for _ in range(9):
        sign_in(client, ines.email, "not-my-password")
    entry = AuditEntry.objects.get(act="sign_in_blocked")
    assert (entry.partner_id, entry.actor_kind, entry.after) == (partner.pk, "system", {"person": ines.email})
    assert "not-my-password" not in str(AuditEntry.objects.values())


def test_addresses_that_nobody_has_are_kept_in_no_readable_form_and_fill_no_log(db: None, client: Client) -> None:
    for name in ("kalle", "olle"):
        for _ in range(9):
            sign_in(client, f"{name}@nowhere.example", "not-my-password")
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.partner_id, entry.after, entry.object_name) == ("sign_in_blocked", None, None, "")
    assert "nowhere" not in str(AuditEntry.objects.values())


def test_passwords(ines: User, as_: Callable[[User], Client]) -> None:
    new = {"password1": "another-horse-battery", "password2": "another-horse-battery"}
    assert as_(ines).post("/accounts/password/change/", {"oldpassword": make.PASSWORD, **new}).status_code == 302
    assert acts() == ["password_changed"]
    ines.refresh_from_db()
    client = Client()
    key = f"{user_pk_to_url_str(ines)}-{default_token_generator.make_token(ines)}"
    page = client.get(f"/accounts/password/reset/key/{key}/", follow=True)
    again = {"password1": "yet-another-battery", "password2": "yet-another-battery"}
    assert client.post(page.redirect_chain[-1][0], again).status_code == 302
    assert acts() == ["password_changed", "password_reset"]
    assert make_password("x")[:3] not in str(AuditEntry.objects.values_list("before", "after"))


def test_second_factors(ines: User, as_: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch) -> None:
    from allauth.mfa import signals

    totp = TOTP.activate(ines, generate_totp_secret()).instance
    for signal in (signals.authenticator_added, signals.authenticator_reset, signals.authenticator_removed):
        signal.send(sender=type(totp), request=None, user=ines, authenticator=totp)
    for _ in range(3):
        signals.authentication_failed.send(sender=type(totp), request=None, user=ines, authenticator=totp, reauthentication=False)
    assert acts() == ["second_factor_added", "second_factor_renewed", "second_factor_removed", "second_factor_failed"]
    assert set(AuditEntry.objects.values_list("partner_id", flat=True)) == {ines.memberships.get().partner_id}


def test_ended_sessions(ines: User, client: Client, partner: Partner) -> None:
    for browser in (Client(), Client(), client):
        sign_in(browser, ines.email)
    assert client.post("/accounts/sessions/").status_code == 302
    entry = AuditEntry.objects.get(act="sessions_ended")
    assert (entry.partner_id, entry.after) == (partner.pk, {"person": ines.email, "sessions": 2})


def test_the_operator_closing_an_account_is_read_by_its_partner(
    ines: User, partner: Partner, as_: Callable[[User], Client]
) -> None:
    root = User.objects.create_superuser("root@operator.example", make.PASSWORD, name="Root")
    as_(root).post(f"/admin/accounts/user/{ines.pk}/change/", {"name": ines.name, "language": "en"})
    entry = AuditEntry.objects.get(act="user_changed")
    assert entry.partner_id == partner.pk
    assert (entry.before["is_active"], entry.after["is_active"]) == (True, False)


def test_language_is_nobodys_business(ines: User, as_: Callable[[User], Client]) -> None:
    as_(ines).post("/language/", {"language": "sv"})
    assert not AuditEntry.objects.exists()
