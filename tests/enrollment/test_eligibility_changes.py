"""What changed since yesterday and why, the way to becoming eligible, and evaluating on demand (rule ELI-2)."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Location, User
from enrollment.models import Agreement, EligibilityDecision, Program, RequirementItem
from enrollment.queries.eligibility_changes import all_changes, since_yesterday
from enrollment.services.evaluation import evaluate
from incentives_portal.core import clock
from incentives_portal.core.audit import SYSTEM
from tests import factories as make
from tests.enrollment import journeys

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ELI-2")]
As = Callable[..., Client]
ASKS = [[{"kind": "agreement", "agreement": "cloud-reseller-agreement"}], [{"kind": "active_membership"}]]


@pytest.fixture
def program(db: None) -> Program:
    return make.ProgramFactory.create(code="CSR", name_en="Cloud Reselling", asks=ASKS)


def text(page: Any) -> str:
    return re.sub(r"\s+", " ", page.content.decode())


def nights_later(nights: int = 2) -> Any:
    return clock.moved_to(clock.now() + dt.timedelta(days=nights))


def test_what_was_lost_and_gained_says_why_to_operator_and_partner(
    as_: As, petra: User, ines: User, otto: User, program: Program, location: Location, other_location: Location
) -> None:
    agreement = make.AgreementFactory.create(partner=location.partner)
    here, there = journeys.opened(program, location), journeys.opened(program, other_location)
    with nights_later():
        Agreement.objects.filter(pk=agreement.pk).update(ends_on=clock.today() - dt.timedelta(days=1))
        make.AgreementFactory.create(partner=other_location.partner)
        evaluate(by=SYSTEM)
        page = text(as_(petra).get(reverse("eligibility_changes")))
        assert "Became eligible: 1" in page and "Stopped being eligible: 1" in page
        assert "Norrsken Göteborg" in page and "Brandt Köln" in page and "last day in force" in page
        home = text(as_(ines).get("/"))
        assert "Norrsken Göteborg" in home and "stopped being eligible" in home and "Brandt" not in home
        assert reverse("eligibility", args=[here.pk]) in home
        assert "became eligible" in text(as_(otto).get("/"))
        own = text(as_(ines).get(reverse("eligibility", args=[here.pk])))
        assert "It stopped being eligible since yesterday" in own
        assert "It became eligible since yesterday" in text(as_(petra).get(reverse("eligibility", args=[there.pk])))
    with nights_later(5):
        evaluate(by=SYSTEM)
        assert "Nothing has changed" in text(as_(petra).get(reverse("eligibility_changes")))
        assert "since yesterday" not in text(as_(ines).get("/"))


def test_a_new_location_has_not_changed_and_back_and_forth_is_nothing(
    as_: As, petra: User, program: Program, location: Location
) -> None:
    make.AgreementFactory.create(partner=location.partner)
    journeys.opened(program, location)
    make.LocationFactory.create(partner=location.partner)
    with nights_later():
        evaluate(by=SYSTEM)
        for active in (False, True):
            Location.objects.filter(pk=location.pk).update(membership_active=active)
            evaluate(by=SYSTEM)
        assert all_changes(since_yesterday(), clock.now()) == []


def test_other_requirements_are_named_as_the_reason(as_: As, petra: User, program: Program, location: Location) -> None:
    make.AgreementFactory.create(partner=location.partner)
    journeys.opened(program, location)
    with nights_later():
        RequirementItem.objects.filter(kind="active_membership").update(kind="country", countries=["NO"])
        Program.objects.update(rule_version=2)
        evaluate(by=SYSTEM)
        (changes,) = all_changes(since_yesterday(), clock.now())
        assert (changes.lost.count, changes.lost.by_rule, changes.gained.count) == (1, 1, 0)
        why = changes.lost.samples[0].why
    assert why[0] == "The requirements of the program changed." and "The location is in Sweden." in why[1]


@pytest.mark.rule("ACC-1")
def test_a_partner_reads_of_its_own_scope_alone(
    as_: As, program: Program, location: Location, second_location: Location, ines: User, gunnar: User
) -> None:
    journeys.opened(program, location)
    with nights_later():
        make.AgreementFactory.create(partner=location.partner)
        evaluate(by=SYSTEM)
        assert "Norrsken Umeå" not in text(as_(ines).get("/"))
        assert "Norrsken Umeå" in text(as_(gunnar).get("/"))


def test_the_nearest_way_stands_on_the_page(as_: As, program: Program, location: Location, ines: User) -> None:
    Location.objects.update(membership_active=False)
    row = journeys.opened(program, location)
    page = text(as_(ines).get(reverse("eligibility", args=[row.pk])))
    assert "2 things are missing:" in page and "Sign this agreement" in page
    RequirementItem.objects.filter(kind="active_membership").update(kind="country", countries=["NO"])
    evaluate(by=SYSTEM)
    page = text(as_(ines).get(reverse("eligibility", args=[row.pk])))
    assert "There is none:" in page and "only be met by a location in another country" in page


@pytest.mark.parametrize("who", ["petra", "gunnar", "ines"])
def test_checked_again_on_demand_and_not_too_often(
    who: str, as_: As, program: Program, location: Location, ines: User, request: pytest.FixtureRequest
) -> None:
    row = journeys.opened(program, location)
    client, path = as_(request.getfixturevalue(who)), reverse("eligibility_check", args=[row.pk])
    assert "Check again now" in client.get(reverse("eligibility", args=[row.pk])).content.decode()
    assert "less than 10 minutes ago" in client.post(path, follow=True).content.decode()
    make.AgreementFactory.create(partner=location.partner)
    with clock.moved_to(clock.now() + dt.timedelta(minutes=11)):
        assert "evaluated now" in client.post(path, follow=True).content.decode()
        assert "less than 10 minutes ago" in client.post(path, follow=True).content.decode()
    row.refresh_from_db()
    assert row.reason == "invitation_due"
    assert row.changes.last().by == request.getfixturevalue(who)


@pytest.mark.rule("ACC-8")
def test_who_may_not_ask_for_it_does_not(as_: As, program: Program, location: Location, ulf: User, rita: User, otto: User) -> None:
    row = journeys.opened(program, location)
    path = reverse("eligibility_check", args=[row.pk])
    for who, status in ((ulf, 403), (rita, 403), (otto, 404)):
        assert as_(who).post(path).status_code == status
        if status == 403:
            assert "Check again now" not in as_(who).get(reverse("eligibility", args=[row.pk])).content.decode()
    assert EligibilityDecision.objects.count() == 1
    assert as_(ulf).get(reverse("eligibility_changes")).status_code == 403


def test_the_pages_ask_a_fixed_number_of_questions(
    as_: As, petra: User, gunnar: User, program: Program, location: Location
) -> None:
    counts = []
    make.AgreementFactory.create(partner=location.partner)
    for more in (0, 6):
        make.LocationFactory.create_batch(more, partner=location.partner)
        journeys.opened(program, location)
    with nights_later():
        for kept in (1, 7):
            ids = Location.objects.order_by("pk").values_list("pk", flat=True)[:kept]
            Location.objects.filter(pk__in=list(ids)).update(membership_active=False)
            evaluate(by=SYSTEM)
            for client, path in ((as_(petra), reverse("eligibility_changes")), (as_(gunnar), "/")):
                client.get(path)
                with CaptureQueriesContext(connection) as asked:
                    client.get(path)
                counts.append(len(asked))
    assert counts[:2] == counts[2:]
