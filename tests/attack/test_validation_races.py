"""Reviewers, the automatic checks, a new version and a freeze at once: one outcome each, and whoever lost reads why.

`RACES` says how many (20 without it): `RACES=10000 RACE_SHARDS=3 pytest tests/attack/test_validation_races.py -n 3 -s`.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import pytest
from django.conf import settings as live_settings
from django.test import Client
from django.urls import reverse

from accounts.models import Location, User
from accounts.roles import OperatorRole
from enrollment.derivation import differences
from enrollment.models import Enrollment
from enrollment.services import enrolling
from incentives_portal.core.models import AuditEntry
from profiles import errors
from profiles.alarm_links import token_for
from profiles.models import BankAlarm, PayoutProfile, PayoutProfileVersion, Validation
from profiles.services import alarms, payouts, validations
from tests import factories as make
from tests.attack.racing import RACES, SHARDS, Outcome, Verb, riders
from tests.enrollment import stages
from tests.profiles.conftest import IBAN, OTHER_IBAN, payout_fields
from tests.profiles.provider_server import FakeProvider, serving

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS_PER_PROFILE = 12
THROUGH_PAGES = 25  # every so many races one is run through the pages
HOLDERS = ("Norrsken Data AB", "Norrsken Data Aktiebolag")
WRONG_HOLDER = [("account_holder", "holder_differs_from_legal_name", "")]
REFUSALS = (
    errors.AlreadyDecidedError,
    errors.SupersededError,
    errors.ClaimedError,
    errors.FrozenError,
    errors.UnansweredError,
)


class ToldError(errors.ProfileError):
    """A refusal as a page tells it."""


@dataclass
class Stage:
    """One enrollment, and the profile whose latest version waits for a decision."""

    row: Enrollment
    ines: User
    gunnar: User
    reviewers: dict[str, User]
    as_: Callable[[User], Client]
    provider: FakeProvider
    chance: random.Random
    clients: dict[Any, Client] = field(default_factory=dict)
    profile: PayoutProfile = field(init=False)
    changes_account: bool = False

    def ready(self, number: int) -> Validation:
        """A new version under review; the account of every second profile is a new one each time, which a person looks at."""
        live_settings.VALIDATION_PROVIDER_URL = ""
        if number % ROUNDS_PER_PROFILE == 0:
            self._unfreeze()
            self._begin_profile(number)
        self._unfreeze()
        # On the settings themselves: the fixture would lay one more layer over them with every race.
        # With a provider nobody approves before it has answered, so the first rounds' approval has none.
        live_settings.VALIDATION_PROVIDER_URL = self.provider.url if number % 3 == 1 else ""
        latest = self.latest
        holder = HOLDERS[0] if self.changes_account else HOLDERS[HOLDERS[0] == latest.account_holder]
        iban = (OTHER_IBAN if latest.shown["iban"].endswith(IBAN[-4:]) else IBAN) if self.changes_account else IBAN
        self._change(holder, iban)
        return Validation.objects.get(payout_version=self.latest)

    @property
    def latest(self) -> PayoutProfileVersion:
        self.profile.refresh_from_db()
        assert self.profile.latest is not None
        return self.profile.latest

    def _begin_profile(self, number: int) -> None:
        self.changes_account = not self.changes_account
        self.profile = payouts.create(partner=self.row.partner, by=self.ines, **payout_fields(name=f"Account {number}"))
        chosen = {"tax_profile": self.row.tax_profile, "currency": self.row.currency}
        enrolling.choose(enrollment_id=self.row.pk, payout_profile=self.profile, by=self.ines, **chosen)
        first = Validation.objects.get(payout_version__profile=self.profile)
        validations.approve(validation=first, by=self.reviewers["rita"])

    def _unfreeze(self) -> None:
        for alarm in BankAlarm.objects.filter(outcome=""):
            alarms.settle(alarm=alarm, genuine=self.chance.random() < 0.5, note="", by=self.reviewers["rita"])

    def _change(self, holder: str, iban: str) -> None:
        fields = payout_fields(name=self.profile.name, account_holder=holder, identifiers={"iban": iban})
        payouts.change(profile=self.profile, seen_version=self.latest.number, by=self.ines, **fields)

    def client(self, user: User | None) -> Client:
        if user not in self.clients:
            self.clients[user] = self.as_(user) if user else Client()
        return self.clients[user]


def by_services(stage: Stage, validation: Validation) -> dict[str, Verb]:
    """Who races, by what the pages call."""
    rita, roland, ruth = stage.reviewers.values()
    fields = payout_fields(name=stage.profile.name, account_holder="Norrsken Data Holding AB")
    seen, link = validation.version.number, token_for(stage.latest, stage.gunnar)

    def of(verb: Callable[..., Any], by: User, **more: Any) -> Verb:
        return lambda: verb(validation=Validation.objects.get(pk=validation.pk), by=by, **more)

    return {
        "rita approves": of(validations.approve, rita),
        "roland rejects": of(validations.reject, roland, reasons=WRONG_HOLDER),
        "ruth approves": of(validations.approve, ruth),
        "ruth claims": of(validations.claim, ruth),
        "checks": lambda: validations.check_due(),
        "new version": lambda: payouts.change(profile=stage.profile, seen_version=seen, by=stage.ines, **fields),
        "freeze": lambda: alarms.raise_alarm(token=link),
    }


def through_pages(stage: Stage, validation: Validation) -> dict[str, Verb]:
    """The same by clicks, each in a browser of its own. The checks have no page."""
    rita, roland, ruth = stage.reviewers.values()
    typed = {"name": stage.profile.name, "payment_method": "bank_transfer", "bank_country": "SE", "iban": ""}
    typed |= {"account_holder": "Norrsken Data Holding AB", "seen": str(validation.version.number)}

    def of(who: User | None, page_name: str, pk: Any, told: str, /, **given: str) -> Verb:
        client, address = stage.client(who), reverse(page_name, args=[pk])

        def click() -> None:
            response = client.post(address, given, follow=True)
            assert response.status_code in {200, 422}, response.status_code
            page = unescape(response.content.decode())
            for refusal in REFUSALS:
                if str(refusal.text) in page:
                    raise ToldError(refusal.text)
            assert told in page, f"neither done nor refused: {page}"

        return click

    return {
        "rita approves": of(rita, "review_approve", validation.pk, "is approved"),
        "roland rejects": of(
            roland, "review_reject", validation.pk, "is rejected", reason_account_holder="holder_differs_from_legal_name"
        ),
        "ruth approves": of(ruth, "review_approve", validation.pk, "is approved"),
        "checks": lambda: validations.check_due(),
        "new version": of(stage.ines, "payout_edit", stage.profile.pk, "is saved", **typed),
        "freeze": of(None, "bank_alarm", token_for(stage.latest, stage.gunnar), "frozen"),
    }


REVIEWERS = ("rita approves", "roland rejects", "ruth approves")


def judged(stage: Stage, validation: Validation, came_to: Mapping[str, Outcome]) -> str:
    """What became of the validation. Fails unless it is one outcome, everybody else was told why, and everything fits it."""
    for name, refusal in came_to.items():
        assert refusal is None or (isinstance(refusal, errors.ProfileError) and str(refusal)), f"{name}: {refusal!r}"
    winners = [name for name in REVIEWERS if name in came_to and came_to[name] is None]
    validation = Validation.objects.get(pk=validation.pk)
    acts = AuditEntry.objects.filter(object_id=str(validation.pk), act__in=["validation.approved", "validation.rejected"])
    found = list(acts.values_list("act", "actor_id"))
    latest, frozen = stage.latest, stage.profile.frozen_at is not None
    assert frozen == ("freeze" in came_to and came_to["freeze"] is None)
    assert latest.number == validation.version.number + ("new version" in came_to and came_to["new version"] is None)
    if validation.decision in {"approved", "rejected"}:
        assert found == [(f"validation.{validation.decision}", validation.decided_by_id)]
        assert len(winners) == (validation.decided_by_id is not None)
    else:
        assert not found and not winners
    assert (validation.decision == "superseded") <= (latest.pk != validation.version.pk)
    assert validation.reasons.exists() == (validation.decision == "rejected")
    _fits(stage, validation, frozen=frozen)
    if validation.decision == "approved":
        return "approved by a reviewer" if winners else "approved by the checks"
    return {"rejected": "rejected", "superseded": "superseded by the new version"}.get(
        validation.decision, "undecided, frozen" if frozen else "undecided, left to a reviewer"
    )


def _fits(stage: Stage, validation: Validation, *, frozen: bool) -> None:
    """The enrollment says what the facts say, and nothing that nobody looked at is paid to."""
    row = Enrollment.objects.get(pk=stage.row.pk)
    is_latest = stage.latest.pk == validation.version.pk
    expected = "validating"
    if is_latest and not frozen:
        expected = {"approved": "enrolled", "rejected": "action_required"}.get(validation.decision, "validating")
    assert row.status == expected
    if not is_latest:
        assert Validation.objects.get(payout_version=stage.latest).decision in {"", "approved"}
    assert differences()[1] == []


@pytest.fixture
def stage(location: Location, ines: User, gunnar: User, rita: User, roland: User, as_: Any, settings: Any) -> Iterator[Stage]:
    """An enrollment that waits for nothing but its payout profile."""
    row = stages.submitted(location, ines)
    stages.decided(row, rita)
    reviewers = {"rita": rita, "roland": roland, "ruth": make.operator("Ruth Alm", OperatorRole.REVIEWER)}
    settings.VALIDATION_PROVIDER_URL = ""
    settings.VALIDATION_PROVIDER_READ_SECONDS = settings.VALIDATION_PROVIDER_TOTAL_SECONDS = 30
    settings.FRESH_SECOND_FACTOR_SECONDS = 86_400  # thousands of races take a while
    with serving() as provider:
        yield Stage(row, ines, gunnar, reviewers, as_, provider, random.Random(5))


@pytest.mark.rule("VAL-2")
@pytest.mark.rule("VAL-5")
@pytest.mark.rule("PAY-5")
@pytest.mark.parametrize("shard", range(SHARDS))
def test_one_outcome_each(stage: Stage, shard: int) -> None:
    races = RACES // SHARDS + (shard < RACES % SHARDS)
    outcomes, refusals, began = Counter[str](), Counter[str](), time.monotonic()
    chance = random.Random(shard)
    with riders(7, seed=shard) as race:
        for number in range(races):
            validation = stage.ready(number)
            all_of_them = (through_pages if number % THROUGH_PAGES == 7 else by_services)(stage, validation)
            riding = chance.sample(sorted(all_of_them), k=chance.randint(3, len(all_of_them)))
            came_to = race({name: all_of_them[name] for name in riding})
            outcomes[judged(stage, validation, came_to)] += 1
            refusals.update(type(refusal).__name__ for refusal in came_to.values() if refusal)
    print(f"\n{races} races in {time.monotonic() - began:.0f} s: {dict(outcomes)}; refused: {dict(refusals)}")
    assert sum(outcomes.values()) == races


def test_every_rider_can_win(stage: Stage) -> None:
    """So that the races prove something: each of them alone decides it as it should."""
    expected = {
        "rita approves": "approved by a reviewer",
        "roland rejects": "rejected",
        "ruth claims": "undecided, left to a reviewer",
        "checks": "undecided, left to a reviewer",
        "new version": "superseded by the new version",
        "freeze": "undecided, frozen",
    }
    with riders(1, seed=0) as race:
        for number, (name, outcome) in enumerate(expected.items()):
            validation = stage.ready(number)
            assert judged(stage, validation, race({name: by_services(stage, validation)[name]})) == outcome
        validation = stage.ready(ROUNDS_PER_PROFILE)
        assert judged(stage, validation, race({"checks": by_services(stage, validation)["checks"]})) == "approved by the checks"
