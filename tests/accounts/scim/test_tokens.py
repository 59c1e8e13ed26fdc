"""Tokens of provisioning: made, rotated and revoked on the page and by command (rule ACC-5)."""

import datetime as dt
import json
import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Partner, ScimToken, User
from accounts.policy import NotAllowedError
from accounts.services import scim_tokens
from incentives_portal.core import audit, clock
from incentives_portal.core.models import AuditEntry, Mail, Run
from tests.accounts.scim.conftest import Scim

pytestmark = pytest.mark.rule("ACC-5")


def shown_in(response: Any) -> str:
    found = re.search(rb'id="new-token">(pscim_[\w-]{43})<', response.content)
    assert found is not None
    return found[1].decode()


def test_a_global_admin_makes_a_token_and_sees_it_once(
    gunnar: User, astrid: User, partner: Partner, as_: Callable[[User], Client]
) -> None:
    browser = as_(gunnar)
    response = browser.post(reverse("scim_token_create"), {"name": "Entra", "expires_on": ""})
    assert response.status_code == 200 and "no-store" in response.headers["Cache-Control"]
    text = shown_in(response)
    again = browser.get(reverse("provisioning"))
    assert b"Entra" in again.content and text.encode() not in again.content
    assert Scim(text, Client()).get("/Users").status_code == 200
    assert ScimToken.objects.get().last_used_at is not None
    entry = AuditEntry.objects.get(act="scim_token_created")
    assert (entry.actor_id, entry.partner_id) == (gunnar.pk, partner.pk) and text not in json.dumps(entry.after)
    mail = Mail.objects.get(kind="scim_token")
    assert mail.to == gunnar.email and text not in mail.text + mail.html


def test_loading_the_answer_again_makes_no_second_token(gunnar: User, as_: Callable[[User], Client]) -> None:
    browser = as_(gunnar)

    def shown_form() -> str:
        found = re.search(r'name="once" value="([0-9a-f-]{36})"', browser.get(reverse("provisioning")).content.decode())
        assert found is not None
        return found[1]

    typed = {"name": "Entra", "expires_on": "", "once": shown_form()}
    refused = browser.post(reverse("scim_token_create"), typed | {"name": ""})
    assert refused.status_code == 422
    shown_in(browser.post(reverse("scim_token_create"), typed))
    again = browser.post(reverse("scim_token_create"), typed, follow=True)
    assert b"was sent already" in again.content and b"pscim_" not in again.content
    assert Mail.objects.filter(kind="scim_token").count() == ScimToken.objects.count() == 1
    rotate, once = reverse("scim_token_rotate", args=[ScimToken.objects.get().pk]), {"once": shown_form()}
    shown_in(browser.post(rotate, once))
    browser.post(rotate, once)
    assert ScimToken.objects.count() == 2
    shown_in(browser.post(reverse("scim_token_create"), typed | {"once": shown_form()}))


def test_rotating_leaves_a_day_to_change_over(
    gunnar: User, as_: Callable[[User], Client], client: Client, partner: Partner
) -> None:
    old, old_text = scim_tokens.create(partner=partner, name="Okta", by=gunnar)
    text = shown_in(as_(gunnar).post(reverse("scim_token_rotate", args=[old.pk])))
    for hours, statuses in ((0, (200, 200)), (23, (200, 200)), (25, (401, 200))):
        with clock.moved_to(clock.now() + dt.timedelta(hours=hours)):
            assert tuple(Scim(one, client).get("/Users").status_code for one in (old_text, text)) == statuses
    as_(gunnar).post(reverse("scim_token_revoke", args=[old.pk]))
    assert Scim(old_text, client).get("/Users").status_code == 401
    new = ScimToken.objects.exclude(pk=old.pk).get()
    as_(gunnar).post(reverse("scim_token_revoke", args=[new.pk]))
    assert Scim(text, client).get("/Users").status_code == 401
    page = as_(gunnar).post(reverse("scim_token_revoke", args=[new.pk]), follow=True)
    assert b"revoked or has expired" in page.content


def test_only_global_admins_and_only_their_own(
    gunnar: User, astrid: User, ines: User, otto: User, other_partner: Partner, as_: Callable[[User], Client]
) -> None:
    foreign, _text = scim_tokens.create(partner=other_partner, name="Okta", by=audit.SYSTEM)
    for person in (astrid, ines):
        assert as_(person).get(reverse("provisioning")).status_code == 403
        assert as_(person).post(reverse("scim_token_create"), {"name": "x"}).status_code == 403
    for name in ("scim_token_rotate", "scim_token_revoke"):
        assert as_(gunnar).post(reverse(name, args=[foreign.pk])).status_code == 404
    with pytest.raises(NotAllowedError):
        scim_tokens.create(partner=other_partner, name="x", by=gunnar)
    with pytest.raises(NotAllowedError):
        scim_tokens.revoke(token=foreign, by=gunnar)
    assert ScimToken.objects.count() == 1


def test_what_makes_no_sense_is_said_at_the_field(gunnar: User, as_: Callable[[User], Client]) -> None:
    for typed in (
        {"name": ""},
        {"name": "x", "expires_on": "2001-01-01"},
        {"name": "x" * 101},
        {"name": "x", "expires_on": "soon"},
    ):
        response = as_(gunnar).post(reverse("scim_token_create"), typed)
        assert response.status_code == 422
    assert not ScimToken.objects.exists()


def made(*arguments: str) -> Any:
    out = StringIO()
    call_command("create_scim_token", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_the_command_prints_the_token_once_and_the_ledger_keeps_none(partner: Partner, client: Client) -> None:
    first = made(partner.pga_id, "--name", "Entra")
    second = made(partner.pga_id, "--expires-on", clock.today().isoformat(), "--revoke-others")
    assert second["partner"] == partner.legal_name and second["base_address"].endswith("/scim/v2")
    assert Scim(first["token"], client).get("/Users").status_code == 401
    assert Scim(second["token"], client).get("/Users").status_code == 200
    runs = Run.objects.filter(command="create_scim_token")
    assert runs.count() == 2 and not any("pscim_" in json.dumps([run.arguments, run.result]) for run in runs)
    plain = StringIO()
    call_command("create_scim_token", partner.pga_id, stdout=plain)
    assert "token: pscim_" in plain.getvalue()
    assert AuditEntry.objects.filter(act="scim_token_created").first().actor_kind == "command"
    with pytest.raises(CommandError, match="no partner"):
        made("nobody")
    with pytest.raises(CommandError, match="has passed"):
        made(partner.pga_id, "--expires-on", "2001-01-01")
