"""kill -9 of a real Celery worker while it checks: everything is decided once, soon after the restart (rules VAL-1, VAL-2)."""

import time
from collections.abc import Callable

import pytest
from celery import current_app

from accounts.models import Partner, User
from incentives_portal.core.models import AuditEntry
from profiles.models import Validation
from profiles.services import payouts
from tests.profiles.conftest import payout_fields
from tests.workers import worker

MANY = 120


def wait(until: Callable[[], bool], *, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, "nothing happened in time"
        # What beat does: a hint, again and again.
        current_app.send_task("profiles.tasks.run_validations")
        time.sleep(0.05)


def undecided() -> int:
    return Validation.objects.filter(decision="").count()


@pytest.mark.django_db(transaction=True)
@pytest.mark.rule("VAL-1")
@pytest.mark.rule("VAL-2")
def test_a_killed_worker_loses_nothing_and_decides_nothing_twice(
    partner: Partner, ines: User, submitted: Callable[..., Validation]
) -> None:
    for number in range(MANY):
        submitted(payouts.create(partner=partner, by=ines, **payout_fields(name=f"Account {number}")))
    with worker():
        wait(lambda: undecided() < MANY)
    left = undecided()
    assert 0 < left < MANY, "the kill came too early or too late to prove anything"
    with worker():
        wait(lambda: undecided() == 0)
    assert Validation.objects.filter(decision="approved").count() == MANY
    assert AuditEntry.objects.filter(act="validation.approved").count() == MANY
