"""The command that makes the operator's own people."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.actor import actor_for
from accounts.models import User
from accounts.roles import Permission
from incentives_portal.core.models import AuditEntry, Run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def typed(monkeypatch: Any) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a-long-enough-secret\n"))


def run(email: str, role: str, **options: Any) -> dict[str, Any]:
    out = io.StringIO()
    call_command("create_operator", email, "--role", role, "--json", "--password-stdin", stdout=out, **options)
    return dict(json.loads(out.getvalue()))


@pytest.mark.parametrize(("role", "permission"), [("reviewer", Permission.REVIEW), ("program_manager", Permission.MANAGE_PROGRAMS)])
def test_an_operator_can_do_what_the_role_says(role: str, permission: Permission) -> None:
    assert run("New@Operator.example", role) == {"email": "new@operator.example", "role": role, "created": True}
    person = User.objects.get(email="new@operator.example")
    assert actor_for(person).permissions >= {permission}
    assert person.check_password("a-long-enough-secret")
    assert AuditEntry.objects.get().act == "operator_role_assigned"
    assert "secret" not in str(list(Run.objects.values())) + str(list(AuditEntry.objects.values()))
    assert run(person.email, "reviewer")["created"] is False


def test_a_superuser_opens_django_admin() -> None:
    run("root@operator.example", "superuser")
    person = User.objects.get()
    assert person.is_superuser
    assert not person.operator_roles.exists()


def test_a_partners_person_is_refused(ulf: User) -> None:
    with pytest.raises(CommandError, match="belongs to a partner"):
        run(ulf.email, "reviewer")
    assert not ulf.operator_roles.exists()


def test_a_weak_password_and_a_missing_terminal_are_refused(monkeypatch: Any) -> None:
    with pytest.raises(CommandError, match="password-stdin"):
        call_command("create_operator", "x@operator.example", "--role", "reviewer")
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    with pytest.raises(CommandError, match="too short"):
        run("x@operator.example", "reviewer")
    assert not User.objects.exists()
