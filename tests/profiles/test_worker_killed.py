"""kill -9 of a real Celery worker while it checks: everything is decided once, soon after the restart (rules VAL-1, VAL-2)."""

import time
from collections.abc import Callable

import pytest
from celery import current_app

from accounts.models import Location, Partner, User
from incentives_portal.core.models import AuditEntry, Mail
from profiles.models import Validation, ValidationCheck
from profiles.services import payouts, validations
from tests.enrollment import stages
from tests.profiles.conftest import payout_fields
from tests.profiles.dying import killed_at
from tests.workers import worker

MANY, BATCH = 120, 5


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
    partner: Partner, ines: User, submitted: Callable[..., Validation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VALIDATION_BATCH", str(BATCH))
    for number in range(MANY):
        submitted(payouts.create(partner=partner, by=ines, **payout_fields(name=f"Account {number}")))
    with worker():
        wait(lambda: undecided() < MANY)
    left = undecided()
    assert 0 < left < MANY, "the kill came too early or too late to prove anything"
    assert left % BATCH == 0, "a batch is done or it isn't"
    with worker():
        wait(lambda: undecided() == 0)
    assert Validation.objects.filter(decision="approved").count() == MANY
    assert AuditEntry.objects.filter(act="validation.approved").count() == MANY


@pytest.mark.django_db(transaction=True)
@pytest.mark.rule("VAL-1")
@pytest.mark.rule("VAL-2")
@pytest.mark.parametrize(
    "function",
    [
        "profiles.services.validations.checking.subjects_of",
        "profiles.services.validations.concluding.store",
        "profiles.services.versions.announce_validations",
        "enrollment.listeners.rederive_and_announce",
        "enrollment.listeners.notify_all",
    ],
)
def test_a_batch_that_is_killed_halfway_is_undone_as_a_whole(
    location: Location, ines: User, submitted: Callable[..., Validation], function: str
) -> None:
    row = stages.submitted(location, ines)
    submitted(payouts.create(partner=location.partner, by=ines, **payout_fields()))
    before = Mail.objects.count()
    killed_at(function, {})
    assert undecided() == 3
    assert not ValidationCheck.objects.exists() and not AuditEntry.objects.filter(act="validation.approved").exists()
    assert validations.check_due() == {"checked": 3, "approved": 3, "waiting": 0, "failed": 0}
    assert AuditEntry.objects.filter(act="validation.approved").count() == 3
    row.refresh_from_db()
    assert (row.status, Mail.objects.count()) == ("enrolled", before + 1)
