"""The full numbers of a payout profile: shown once to who keeps it, after a fresh second factor, and written down (rule PAY-3)."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from incentives_portal.core.models import AuditEntry
from profiles.models import PayoutProfile

from .conftest import IBAN

pytestmark = [pytest.mark.django_db, pytest.mark.rule("PAY-3"), pytest.mark.rule("ACC-9")]
As = Callable[..., Client]


def shown(client: Client, payout: PayoutProfile) -> tuple[int, str]:
    answer = client.post(reverse("payout_reveal", args=[payout.pk]))
    return answer.status_code, "".join(answer.content.decode().split())


def test_ines_reads_the_whole_number_once_and_the_log_says_so(as_: As, ines: User, payout: PayoutProfile) -> None:
    client = as_(ines)
    status, text = shown(client, payout)
    assert status == 200 and IBAN in text
    entry = AuditEntry.objects.get(act="payout_profile.revealed")
    assert entry.actor_id == ines.pk and IBAN not in str(entry.after)
    assert IBAN not in "".join(client.get(reverse("payout", args=[payout.pk])).content.decode().split())


def test_without_a_fresh_second_factor_nothing_is_shown(as_: As, ines: User, payout: PayoutProfile) -> None:
    _status, text = shown(as_(ines, ago=301), payout)
    assert IBAN not in text
    assert not AuditEntry.objects.filter(act="payout_profile.revealed").exists()


@pytest.mark.parametrize(("who", "status"), [("otto", 404), ("ulf", 403), ("gunnar", 403), ("rita", 403)])
def test_nobody_else_reads_it(as_: As, request: pytest.FixtureRequest, payout: PayoutProfile, who: str, status: int) -> None:
    found, text = shown(as_(request.getfixturevalue(who)), payout)
    assert found == status and IBAN not in text


def test_what_is_frozen_or_archived_is_shown_to_nobody(as_: As, ines: User, payout: PayoutProfile) -> None:
    PayoutProfile.objects.filter(pk=payout.pk).update(archived_at="2026-11-01T00:00Z")
    status, text = shown(as_(ines), payout)
    assert status == 302 and IBAN not in text
