"""A provider beside the portal's own checks: whatever it does, every validation is decided once (rules VAL-1, VAL-2, VAL-5)."""

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
from django.db import connection, connections
from django.urls import reverse

from accounts.models import User
from incentives_portal.core import clock
from incentives_portal.core.models import AuditEntry
from profiles.errors import AlreadyDecidedError, UnansweredError
from profiles.models import PayoutProfile, TaxProfile, Validation
from profiles.providers import http
from profiles.services import payouts, validations
from profiles.services.validations import asking

from .conftest import IBAN, OTHER_IBAN, payout_fields
from .provider_server import FakeProvider, serving

Submit = Callable[..., Validation]
NO_ANSWERS = [
    "slow",
    "trickle",
    "reset",
    "truncated",
    "error_500",
    "error_503",
    "busy",
    "refused",
    "redirect",
    "malformed",
    "not_text",
    "compressed",
    "endless_headers",
    "deep",
    "huge",
    "wrong_types",
    "wrong_result",
    "nothing",
    "about_another",
]

# What may go better a moment later.
ASKED_AGAIN_AT_ONCE = {"slow", "reset", "truncated", "error_500", "error_503", "busy", "endless_headers"}


@pytest.fixture
def provider(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeProvider]:
    with serving() as provider:
        settings.VALIDATION_PROVIDER_URL = provider.url
        settings.VALIDATION_PROVIDER_TOKEN = "secret-of-the-provider"
        settings.VALIDATION_PROVIDER_READ_SECONDS = 0.3
        settings.VALIDATION_PROVIDER_TOTAL_SECONDS = 0.8
        monkeypatch.setattr(http, "TRIES", 2)
        yield provider


def reread(validation: Validation) -> Validation:
    return Validation.objects.get(pk=validation.pk)


def later(**much: float) -> None:
    clock.move(by=dt.timedelta(**much))


@pytest.mark.rule("VAL-2")
def test_a_provider_is_asked_once_and_its_word_counts(payout: PayoutProfile, submitted: Submit, provider: FakeProvider) -> None:
    validation = submitted(payout)
    assert validations.check_due() == {"checked": 1, "approved": 1, "waiting": 0, "failed": 0}
    (question,) = provider.asked
    assert question["identifiers"]["iban"] == IBAN and question["kind"] == "payout"
    assert provider.keys == [str(validation.pk)] == [question["validation"]]
    assert provider.tokens == ["Bearer secret-of-the-provider"]
    assert provider.lines == ["POST /validations HTTP/1.1"]
    assert validations.check_due()["checked"] == 0
    assert len(provider.asked) == 1


def test_a_tax_profile_is_asked_about_too(tax: TaxProfile, submitted: Submit, provider: FakeProvider) -> None:
    provider.results = [{"code": "tax_number_not_registered", "outcome": "failed", "field": "orgnr"}]
    validation = submitted(tax)
    assert validations.check_due()["waiting"] == 1
    assert validation.checks.filter(code="tax_number_not_registered", outcome="failed", field="orgnr").exists()
    assert provider.asked[0]["classification"] == "company"


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ({"code": "moon_phase", "outcome": "passed", "field": "iban"}, ("provider_says", "flagged", "iban")),
        ({"code": "moon_phase", "outcome": "failed", "field": "nonsense"}, ("provider_says", "failed", "")),
        ({"code": "x" * 500, "outcome": "passed", "field": ["iban"]}, ("provider_says", "flagged", "")),
        ({"code": "holder_name", "outcome": "failed"}, ("provider_says", "failed", "")),
        ({"code": "used_elsewhere", "outcome": "passed"}, ("provider_says", "flagged", "")),
        ({"code": "holder_name_differs", "outcome": "flagged", "field": "account_holder"}, None),
    ],
)
def test_what_a_provider_says_in_words_of_its_own_waits_for_a_person(
    payout: PayoutProfile, submitted: Submit, provider: FakeProvider, said: dict[str, Any], stored: Any
) -> None:
    provider.results = [said, said]
    validation = submitted(payout)
    assert validations.check_due()["waiting"] == 1
    expected = stored or (said["code"], said["outcome"], said["field"])
    assert expected in validation.checks.values_list("code", "outcome", "field")


@pytest.mark.rule("VAL-2")
@pytest.mark.parametrize("way", NO_ANSWERS)
def test_no_usable_answer_is_asked_for_again_and_decides_nothing(
    payout: PayoutProfile, submitted: Submit, provider: FakeProvider, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    provider.ways = [way]
    validation = submitted(payout)
    assert validations.check_due() == {"checked": 0, "approved": 0, "waiting": 0, "failed": 1}
    stored = reread(validation)
    assert (stored.decision, stored.checked_at, stored.ask_token) == ("", None, None)
    assert len(provider.asked) == (2 if way in ASKED_AGAIN_AT_ONCE else 1)
    assert set(provider.keys) == {str(validation.pk)}
    assert validations.check_due()["failed"] == 0, "too soon"
    provider.ways = ["ok"]
    later(minutes=2)
    assert validations.check_due()["approved"] == 1
    assert AuditEntry.objects.filter(act="validation.approved").count() == 1
    assert IBAN not in caplog.text and "secret-of-the-provider" not in caplog.text


@pytest.mark.rule("VAL-4")
def test_a_provider_that_never_answers_leaves_it_to_a_reviewer(
    payout: PayoutProfile, rita: User, submitted: Submit, provider: FakeProvider
) -> None:
    provider.ways = ["refused"]
    validation = submitted(payout)
    for _ in range(asking.ATTEMPTS):
        validations.check_due()
        later(hours=1, seconds=1)
    assert validation.checks.get(outcome="flagged").code == "provider_unreachable"
    assert reread(validation).decision == ""
    assert reread(validation).due_at > clock.now(), "long before the 48 hours are over"
    asked = len(provider.asked)
    validations.check_due()
    assert len(provider.asked) == asked == asking.ATTEMPTS
    validations.approve(validation=validation, by=rita)


def test_a_silent_provider_is_not_asked_a_hundred_times_in_one_sweep(
    partner: Any, ines: User, submitted: Submit, provider: FakeProvider
) -> None:
    provider.ways = ["refused"]
    for number in range(6):
        submitted(payouts.create(partner=partner, by=ines, **payout_fields(name=f"Account {number}")))
    assert validations.check_due()["failed"] == 3
    assert len(provider.asked) == 3


def test_nobody_there_at_all(payout: PayoutProfile, submitted: Submit, provider: FakeProvider, settings: Any) -> None:
    settings.VALIDATION_PROVIDER_URL = "http://127.0.0.1:9/"
    submitted(payout)
    assert validations.check_due()["failed"] == 1


class KilledError(BaseException):
    """As `kill -9` at this place: nothing after it runs."""


STEPS = {
    "before it is asked": "profiles.services.validations.asking.Question",
    "while it is asked": "profiles.providers.http._body_of",
    "before the answer is stored": "profiles.services.validations.asking._store",
    "while the answer is stored": "profiles.services.validations.asking.conclude",
    "while the decision is stored": "profiles.services.validations.concluding.store",
}


@pytest.mark.rule("VAL-1")
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_it_is_decided_once(
    payout: PayoutProfile, submitted: Submit, provider: FakeProvider, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*args: Any, **kwargs: Any) -> None:
        raise KilledError

    validation = submitted(payout)
    with monkeypatch.context() as dying:
        dying.setattr(STEPS[step], die)
        with pytest.raises(KilledError):
            validations.check_due()
    assert reread(validation).decision == ""
    if step != "before it is asked":
        assert validations.check_due()["checked"] == 0, "the lease still runs"
        later(minutes=2)
    assert validations.check_due()["approved"] == 1
    assert AuditEntry.objects.filter(act="validation.approved").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.rule("VAL-5")
@pytest.mark.parametrize("what", ["rejected", "changed", "lease taken over"])
def test_a_late_answer_is_dropped(
    payout: PayoutProfile, ines: User, rita: User, submitted: Submit, provider: FakeProvider, what: str
) -> None:
    validation = submitted(payout)
    happened: list[str] = []

    def meanwhile() -> None:
        provider.meanwhile = None
        try:
            if what == "rejected":
                reasons = [("account_holder", "holder_differs_from_legal_name", "")]
                validations.reject(validation=reread(validation), reasons=reasons, by=rita)
            elif what == "changed":
                payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(identifiers={"iban": OTHER_IBAN}))
            else:
                later(minutes=5)
                validations.check_due()
            happened.append(what)
        finally:
            connections.close_all()

    provider.meanwhile = meanwhile
    validations.check_due()
    assert happened == [what], "nothing was locked while the provider was asked"
    decision = {"rejected": "rejected", "changed": "superseded"}.get(what, "approved")
    assert reread(validation).decision == decision
    assert AuditEntry.objects.filter(act__in=["validation.approved", "validation.rejected"]).count() == (what != "changed")
    if what == "rejected":
        with pytest.raises(AlreadyDecidedError):
            validations.approve(validation=validation, by=rita)


@pytest.mark.rule("VAL-2")
def test_nobody_approves_before_it_has_answered(
    payout: PayoutProfile, rita: User, submitted: Submit, provider: FakeProvider, as_: Any
) -> None:
    provider.ways = ["refused"]
    validation = submitted(payout)
    with pytest.raises(UnansweredError):
        validations.approve(validation=validation, by=rita)
    validations.check_due()
    answer = as_(rita).post(reverse("review_approve", args=[validation.pk]), follow=True)
    assert "hasn't answered yet" in unescape(answer.content.decode())
    assert reread(validation).decision == ""
    provider.ways = ["ok"]
    later(minutes=2)
    assert validations.check_due()["approved"] == 1


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_it_is_asked(
    payout: PayoutProfile, submitted: Submit, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_ones: list[bool] = []
    ask = http.HttpProvider.ask
    monkeypatch.setattr(http.HttpProvider, "ask", lambda self, q: (open_ones.append(connection.in_atomic_block), ask(self, q))[1])
    submitted(payout)
    assert validations.check_due()["approved"] == 1
    assert open_ones == [False]
