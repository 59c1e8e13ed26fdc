"""What another site can make a signed-in person's browser do: nothing (rule INV-5)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from accounts.models import User
from incentives_portal.core.models import AuditEntry
from tests.architecture.test_matrix import ADDRESSES, SCIM, Things, others, own
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db
__all__ = ["others", "own"]


def everything() -> dict[str, list[Any]]:
    """Every row of the portal's own tables."""
    labels = ("accounts", "profiles", "enrollment", "core")
    return {
        model._meta.label: sorted(model._base_manager.values_list(), key=str)
        for label in labels
        for model in apps.get_app_config(label).get_models()
    }


@pytest.mark.rule("INV-5")
@pytest.mark.parametrize("role", ["gunnar", "ines", "rita"])
def test_a_post_without_the_pages_token_is_refused(role: str, own: Things, request: pytest.FixtureRequest) -> None:
    user: User = request.getfixturevalue(role)
    browser = sign_in(Client(enforce_csrf_checks=True), user)
    # Directories come with a token of their own and no cookie, so another site has nothing to borrow there.
    paths = {name: own.path(name, user) for name, address in ADDRESSES.items() if name != "health" and address.who != SCIM}
    before = everything()
    answers = {name: browser.post(path, {"language": "sv"}).status_code for name, path in paths.items()}
    assert {name for name, status in answers.items() if status not in {403, 405}} == set()
    assert everything() == before


@pytest.mark.rule("INV-5")
@pytest.mark.parametrize("role", ["gunnar", "ines", "rita"])
def test_reading_changes_nothing(role: str, own: Things, as_: Callable[[User], Client], request: pytest.FixtureRequest) -> None:
    user: User = request.getfixturevalue(role)
    client = as_(user)
    paths = [own.path(name, user) for name in ADDRESSES]
    before, entries = everything(), set(AuditEntry.objects.values_list("pk", flat=True))
    for path in paths:
        assert client.get(path).status_code < 500
        client.head(path)
    after = everything()
    # That something left the portal as a file is written down; nothing else is.
    left = set(AuditEntry.objects.exclude(pk__in=entries).values_list("act", flat=True))
    assert left <= {"tax_document.read", "audit_exported", "roles_exported", "overview.exported"}
    for label in ("core.AuditEntry", "core.AuditPending"):
        del before[label], after[label]
    assert after == before
