import datetime as dt
import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from incentives_portal.core import clock, health
from incentives_portal.core.models import Mail, Run

pytestmark = [pytest.mark.django_db, pytest.mark.rule("OPS-1")]


def owed(*, due_ago: dt.timedelta) -> Mail:
    return Mail.objects.create(
        key="k",
        kind="x",
        to="ines@example.com",
        language="en",
        subject="s",
        text="t",
        html="h",
        message_id="<k@x>",
        due_at=clock.now() - due_ago,
    )


def asked() -> dict[str, Any]:
    out = io.StringIO()
    call_command("health", json=True, stdout=out)
    return dict(json.loads(out.getvalue()))


def test_all_is_well(client: Client) -> None:
    found = asked()
    assert found["healthy"]
    assert {"database", "migrations", "redis", "mail", "validations", "keys", "secrets"} <= found["checks"].keys()
    answer = client.get("/health")
    assert (answer.status_code, answer.json()) == (
        200,
        {"healthy": True, "checks": {"database": True, "migrations": True, "keys": True}},
    )


def test_looking_leaves_no_run_in_the_ledger() -> None:
    asked()
    assert not Run.objects.exists()


def test_a_mail_that_nobody_sends_is_reported_but_keeps_no_request_away(client: Client) -> None:
    owed(due_ago=dt.timedelta(seconds=health.MAIL_LATE_SECONDS + 60))
    out = io.StringIO()
    with pytest.raises(CommandError, match="Not healthy: mail"):
        call_command("health", stdout=out)
    assert "BAD  mail" in out.getvalue()
    assert client.get("/health").status_code == 200


def test_a_check_that_breaks_is_a_finding(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_checks", dict(health._checks))

    @health.check("broken", vital=True)
    def broken() -> health.Finding:
        raise RuntimeError("password=hunter2")

    answer = client.get("/health")
    assert answer.status_code == 503
    assert "hunter2" not in answer.content.decode()
