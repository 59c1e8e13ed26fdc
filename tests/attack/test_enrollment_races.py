"""Two who accept, one who declines, and a deadline that passes: one transition, and whoever lost reads why.

`RACES` says how many (20 without it), as in `test_validation_races`.
"""

import datetime as dt
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any

import pytest
from django.db.models import Max
from django.test import Client
from django.urls import reverse

from accounts.models import Location, Partner, User
from enrollment.derivation import differences, rederive, rederive_due
from enrollment.errors import RefusedError
from enrollment.models import Enrollment, StatusChange
from enrollment.services import enrolling
from incentives_portal.core import clock
from incentives_portal.core.models import AuditEntry
from tests import factories as make
from tests.attack.racing import RACES, SHARDS, Outcome, Verb, riders
from tests.enrollment import stages

pytestmark = pytest.mark.django_db(transaction=True)
THROUGH_PAGES = 25
REFUSED = ("This invitation can no longer be accepted.", "Only an open invitation can be declined.")
ANSWERS = ("enrollment.accepted", "enrollment.declined")


def invite_again(row: Enrollment) -> None:
    """As after the invitation, with three days left to answer it."""
    nobody: dict[str, Any] = dict.fromkeys(("accepted_at", "accepted_by", "declined_at", "declined_by"))
    respond_by = clock.today() + dt.timedelta(days=3)
    Enrollment.objects.filter(pk=row.pk).update(**nobody, respond_by=respond_by, status="inactive", reason="invitation_due")
    rederive([row.pk], cause="invited")
    assert Enrollment.objects.get(pk=row.pk).status == "invited"


def expire() -> None:
    """The deadline passes, and the sweep comes."""
    clock.move(by=dt.timedelta(days=4))
    rederive_due()


def by_services(row: Enrollment, people: Mapping[str, User]) -> dict[str, Verb]:
    def of(verb: Callable[..., Any], name: str) -> Verb:
        return lambda: verb(enrollment_id=row.pk, by=people[name])

    return {
        "ines accepts": of(enrolling.accept, "ines"),
        "ivar accepts": of(enrolling.accept, "ivar"),
        "ivar declines": of(enrolling.decline, "ivar"),
        "ines declines": of(enrolling.decline, "ines"),
        "deadline": expire,
    }


def through_pages(row: Enrollment, clients: Mapping[str, Client]) -> dict[str, Verb]:
    def of(page: str, name: str) -> Verb:
        def click() -> None:
            response = clients[name].post(reverse(page, args=[row.pk]), follow=True)
            assert response.status_code == 200, response.status_code
            text = unescape(response.content.decode())
            for refusal in REFUSED:
                if refusal in text:
                    raise RefusedError(refusal)

        return click

    return {
        "ines accepts": of("accept", "ines"),
        "ivar accepts": of("accept", "ivar"),
        "ivar declines": of("decline", "ivar"),
        "deadline": expire,
    }


def judged(row: Enrollment, came_to: Mapping[str, Outcome], since: int) -> str:
    """What became of the invitation; fails unless it is one thing, with one act, and everybody else was refused in words."""
    for name, refusal in came_to.items():
        assert refusal is None or (isinstance(refusal, RefusedError) and refusal.messages), f"{name}: {refusal!r}"
    row = Enrollment.objects.get(pk=row.pk)
    acts = list(AuditEntry.objects.filter(object_id=str(row.pk), pk__gt=since, act__in=ANSWERS).values_list("act", "actor_id"))
    if row.accepted_at:
        assert acts == [("enrollment.accepted", row.accepted_by_id)] and row.status == "action_required"
        assert not any(came_to[name] is None for name in came_to if name.endswith("declines"))
        outcome = "accepted"
    elif row.declined_at:
        assert acts == [("enrollment.declined", row.declined_by_id)] and row.reason == "declined"
        assert not any(came_to[name] is None for name in came_to if name.endswith("accepts"))
        outcome = "declined"
    else:
        assert not acts and row.reason == "deadline_passed" and "deadline" in came_to
        outcome = "expired"
    changed = StatusChange.objects.filter(enrollment=row).order_by("-pk").values_list("before", "after", "cause")
    # One transition away from Invited, and one more only where the deadline passed on top of it.
    (_, after, cause), *earlier = changed[:2]
    assert after == row.status and ("invited", "invited") in [(cause, after), *((then[2], then[1]) for then in earlier)]
    assert differences()[1] == []
    return outcome


@pytest.mark.rule("INV-7")
@pytest.mark.rule("STA-2")
@pytest.mark.parametrize("shard", range(SHARDS))
def test_one_transition_each(shard: int, partner: Partner, location: Location, ines: User, as_: Any) -> None:
    people = {"ines": ines, "ivar": make.person("Ivar Nord", partner, make.INCENTIVES_ADMIN)}
    clients = {name: as_(user) for name, user in people.items()}
    row = stages.invited(location)
    outcomes, refused, began, chance = Counter[str](), 0, time.monotonic(), random.Random(shard)
    races = RACES // SHARDS + (shard < RACES % SHARDS)
    with riders(5, seed=shard) as race:
        for number in range(races):
            invite_again(row)
            since = AuditEntry.objects.aggregate(last=Max("pk"))["last"] or 0
            pages = number % THROUGH_PAGES == 7
            verbs = through_pages(row, clients) if pages else by_services(row, people)
            riding = chance.sample(sorted(verbs), k=chance.randint(2, len(verbs)))
            came_to = race({name: verbs[name] for name in riding})
            outcomes[judged(row, came_to, since)] += 1
            refused += sum(refusal is not None for refusal in came_to.values())
            if "deadline" in riding:
                clock.move(by=-dt.timedelta(days=4))
    print(f"\n{races} races in {time.monotonic() - began:.0f} s: {dict(outcomes)}; refused in words: {refused}")
    assert sum(outcomes.values()) == races
