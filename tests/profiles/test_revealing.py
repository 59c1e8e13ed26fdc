"""The full numbers, for who keeps them, once, and written down (rules PAY-3, ACC-9)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, Partner, User
from incentives_portal.core.models import AuditEntry
from profiles.alarm_links import token_for
from profiles.models import PayoutProfile
from profiles.services import alarms, defaults, payouts
from tests import factories as make
from tests.signing_in import app_of, code_now

from .conftest import IBAN, OTHER_IBAN, payout_fields

pytestmark = pytest.mark.rule("PAY-3")
As = Callable[..., Client]


def asked(client: Client, payout: PayoutProfile, **given: str) -> Any:
    return client.post(reverse("payout_reveal", args=[payout.pk]), given)


def reveals() -> int:
    return AuditEntry.objects.filter(act="payout_profile.revealed").count()


def test_ines_sees_them_once_and_that_is_written_down(as_: As, ines: User, payout: PayoutProfile) -> None:
    answer = asked(as_(ines), payout)
    assert IBAN in answer.content.decode() and "no-store" in answer["Cache-Control"]
    entry = AuditEntry.objects.get(act="payout_profile.revealed")
    assert (entry.actor_id, entry.object_id, entry.after) == (ines.pk, str(payout.pk), {"version": 1})
    assert as_(ines).get(reverse("payout_reveal", args=[payout.pk])).status_code == 405, "no address holds them"
    assert IBAN not in as_(ines).get(reverse("payout", args=[payout.pk])).content.decode()


@pytest.mark.rule("ACC-9")
def test_after_a_while_the_second_factor_is_asked_for_and_then_they_are_shown(as_: As, ines: User, payout: PayoutProfile) -> None:
    secret, client = app_of(ines), as_(ines, ago=301)
    answer = asked(client, payout).content.decode()
    assert "Confirm that it is you" in answer and IBAN not in answer and not reveals()
    assert IBAN in asked(client, payout, **{"second_factor-code": code_now(secret)}).content.decode()
    assert reveals() == 1


@pytest.mark.rule("ACC-9")
def test_a_second_factor_that_is_still_to_come_is_none(as_: As, ines: User, payout: PayoutProfile) -> None:
    """Written down by a web server whose clock is two hours ahead."""
    app_of(ines)
    assert IBAN not in asked(as_(ines, ago=-7200), payout).content.decode()


@pytest.mark.rule("ACC-1")
@pytest.mark.rule("ACC-8")
def test_nobody_else_sees_them(
    as_: As, payout: PayoutProfile, gunnar: User, astrid: User, ulf: User, otto: User, rita: User, petra: User
) -> None:
    found = {user.name: asked(as_(user), payout) for user in (gunnar, astrid, ulf, otto, rita, petra)}
    assert {name: answer.status_code for name, answer in found.items()} == {
        "Gunnar Lind": 403,
        "Astrid Holm": 403,
        "Ulf Berg": 403,
        "Otto Brandt": 404,
        "Rita Sand": 403,
        "Petra Wall": 403,
    }
    assert not any(IBAN in answer.content.decode() for answer in found.values()) and not reveals()


@pytest.mark.rule("ACC-1")
def test_who_keeps_another_location_than_the_one_that_is_paid_doesnt(
    as_: As, partner: Partner, ines: User, payout: PayoutProfile, location: Location, second_location: Location
) -> None:
    elsa = make.person("Elsa Ek", partner, make.INCENTIVES_ADMIN, second_location)
    assert asked(as_(elsa), payout).status_code == 403, "nothing uses it yet, and Ines made it"
    defaults.set_default(locations=[location], payout_profile=payout, currency="SEK", by=ines)
    assert asked(as_(elsa), payout).status_code == 403
    assert IBAN in asked(as_(ines), payout).content.decode()
    make.give_role(ines, partner, make.INCENTIVES_USER, second_location)
    defaults.set_default(locations=[second_location], payout_profile=payout, currency="SEK", by=elsa)
    assert asked(as_(ines), payout).status_code == 403, "now it pays a location that isn't hers"


@pytest.mark.rule("PAY-5")
def test_nobody_sees_what_is_frozen(as_: As, ines: User, gunnar: User, payout: PayoutProfile) -> None:
    payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(identifiers={"iban": OTHER_IBAN}))
    payout.refresh_from_db()
    assert payout.latest is not None
    alarms.raise_alarm(token=token_for(payout.latest, gunnar))
    answer = as_(ines).post(reverse("payout_reveal", args=[payout.pk]), follow=True).content.decode()
    assert "This profile is frozen" in answer and OTHER_IBAN not in answer and not reveals()
