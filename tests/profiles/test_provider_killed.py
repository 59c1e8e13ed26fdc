"""kill -9 of a real process at every step of asking a provider: it is decided once, by the next that comes (rules VAL-1, VAL-2)."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from incentives_portal.core import clock
from incentives_portal.core.models import AuditEntry
from profiles.errors import UnansweredError
from profiles.models import PayoutProfile, Validation
from profiles.services import validations

from .dying import killed_at
from .provider_server import FakeProvider
from .test_provider import provider

__all__ = ["provider"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rule("VAL-1"), pytest.mark.rule("VAL-2")]
Submit = Callable[..., Validation]
HTTP, SERVICES = "profiles.providers.http", "profiles.services.validations"
# In the order in which they are come to, and how often the provider has been asked by then.
STEPS = {
    "before it is noted that it is asked": (f"{SERVICES}.asking.lock_unchecked", 0),
    "after that is noted and before it is committed": (f"{SERVICES}.asking.Question", 0),
    "after that is committed and before it is asked": (f"{HTTP}.Retrying", 0),
    "while it is asked": (f"{HTTP}._body_of", 1),
    "when it has answered": (f"{HTTP}.read", 1),
    "before the answer is stored": (f"{SERVICES}.asking._store", 1),
    "while the answer is stored": (f"{SERVICES}.concluding._once_each", 1),
    "after the answer is stored and before the decision": (f"{SERVICES}.concluding.store", 1),
    "after the decision is stored and before it is committed": ("profiles.services.versions.announce_validations", 1),
    "when nobody answered": (f"{SERVICES}.asking._put_off", 1),
}


def asking(provider: FakeProvider) -> dict[str, str]:
    """What a worker that asks this provider is told."""
    return {"VALIDATION_PROVIDER_URL": provider.url, "VALIDATION_PROVIDER_READ_SECONDS": "0.5"}


@pytest.mark.parametrize("step", STEPS)
def test_it_is_decided_once_by_the_next_that_comes(
    payout: PayoutProfile, rita: User, submitted: Submit, provider: FakeProvider, step: str, settings: Any
) -> None:
    function, asked = STEPS[step]
    provider.ways = ["refused"] if step == "when nobody answered" else ["ok"]
    validation = submitted(payout)
    killed_at(function, asking(provider))
    left = Validation.objects.get(pk=validation.pk)
    assert (left.decision, left.checked_at, left.checks.count()) == ("", None, 0)
    assert len(provider.asked) == asked
    assert set(provider.keys) <= {str(validation.pk)}
    provider.ways = ["ok"]
    if left.asked_until is not None:
        assert validations.check_due()["checked"] == 0, "who was killed may still be asking, for all anybody knows"
        assert left.asked_until - clock.now() < dt.timedelta(minutes=2)
        clock.move_to(left.asked_until + dt.timedelta(seconds=1))
    assert validations.check_due() == {"checked": 1, "approved": 1, "waiting": 0, "failed": 0}
    assert validations.check_due()["checked"] == 0
    done = Validation.objects.get(pk=validation.pk)
    assert (done.decision, done.decided_by, done.asked_until) == ("approved", None, None)
    assert AuditEntry.objects.filter(act="validation.approved").count() == 1
    assert set(provider.keys) == {str(validation.pk)}, "the same question, by its idempotency key"
    found = list(done.checks.values_list("code", "field"))
    assert len(found) == len(set(found))


def test_a_person_may_reject_while_the_killed_one_s_lease_runs(
    payout: PayoutProfile, rita: User, submitted: Submit, provider: FakeProvider
) -> None:
    validation = submitted(payout)
    killed_at(STEPS["while it is asked"][0], asking(provider))
    with pytest.raises(UnansweredError):
        validations.approve(validation=validation, by=rita)
    reasons = [("account_holder", "holder_differs_from_legal_name", "")]
    assert validations.reject(validation=validation, reasons=reasons, by=rita).decision == "rejected"
    clock.move(by=dt.timedelta(minutes=5))
    assert validations.check_due()["checked"] == 0
    assert AuditEntry.objects.filter(act="validation.rejected").count() == 1
