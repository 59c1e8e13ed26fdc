"""Many at once, while others are at it too (rule ENR-5): real threads, real workers, kill -9. One outcome for each, explained."""

import time
from collections import Counter
from collections.abc import Callable

import pytest
from celery import current_app
from django.test import Client
from django.urls import reverse

from accounts.models import Partner, User
from enrollment.bulk_wording import words_of
from enrollment.derivation import differences
from enrollment.models import BulkEnrollment, Enrollment, StatusChange
from enrollment.services import bulk
from incentives_portal.core.models import AuditEntry
from tests import factories as make
from tests.enrollment import stages
from tests.enrollment.many import network, started
from tests.enrollment.test_many_pages import MANY, fields_of
from tests.side_by_side import at_once
from tests.workers import worker

pytestmark = [pytest.mark.rule("ENR-5"), pytest.mark.django_db(transaction=True)]
As = Callable[[User], Client]


def wait(until: Callable[[], bool], *, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, "nothing happened in time"
        current_app.send_task("enrollment.tasks.run_bulk")
        time.sleep(0.05)


def waiting(job: BulkEnrollment) -> int:
    return job.rows.filter(outcome="").count()


def meet(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not until() and time.monotonic() < deadline:
        time.sleep(0.01)


def is_consistent(job: BulkEnrollment) -> None:
    """One outcome for each, explained; what was submitted was submitted once; stored = derived."""
    assert not job.rows.filter(outcome="").exists()
    assert all(words_of(code).title and words_of(code).sentence for code in set(job.rows.values_list("outcome", flat=True)))
    assert "error" not in set(job.rows.values_list("outcome", flat=True))
    for act in ("enrollment.accepted", "enrollment.submitted", "enrollment.declined"):
        each = Counter(AuditEntry.objects.filter(act=act).values_list("object_id", flat=True))
        assert not each or max(each.values()) == 1, act
    done = job.rows.filter(outcome__in=["validating", "enrolled"]).values("enrollment")
    assert not Enrollment.objects.filter(pk__in=done, submitted_at=None).exists()
    assert (
        StatusChange.objects.filter(cause="submitted").values("enrollment").distinct().count()
        == Enrollment.objects.exclude(submitted_at=None).count()
    )
    assert not differences()[1]


def test_400_at_once_while_a_colleague_works_on_ten_of_them(as_: As, partner: Partner) -> None:
    ida = make.person("Ida Norén", partner, make.INCENTIVES_ADMIN)
    kim = make.person("Kim Ek", partner, make.INCENTIVES_ADMIN)
    many = network(partner, ida, 400)
    other = stages.payout(many.places[0], kim, "Kim's account")
    job = started(ida, partner, many.rows)
    # Spread over the whole run, so that some are the worker's and some the colleague's first.
    ten = [many.rows[number] for number in range(3, 400, 40)]
    client, answers = as_(kim), []

    def by_hand() -> None:
        for number, row in enumerate(ten):
            # When the workers are just about to come to it.
            meet(lambda number=number: waiting(job) <= 400 - 40 * number)
            if number % 3 == 2:
                answers.append(client.post(reverse("decline", args=[row.pk])).status_code)
                continue
            answers.append(client.post(reverse("accept", args=[row.pk])).status_code)
            tax = row.location.tax_profiles.get()
            given = {"payout_profile": str(other.pk), "tax_profile": str(tax.pk), "currency": "EUR"}
            answers.append(client.post(reverse("enroll", args=[row.pk]), given).status_code)

    at_once(lambda: bulk.run_due(patience=300), lambda: bulk.run_due(patience=300), by_hand)
    bulk.run_due()
    job.refresh_from_db()
    assert job.finished_at and all(status in {200, 302} for status in answers)
    is_consistent(job)
    found = dict(job.rows.values_list("enrollment", "outcome"))
    others = {row.pk for row in many.rows} - {row.pk for row in ten}
    assert {found[pk] for pk in others} == {"validating"}
    assert {found[row.pk] for row in ten} <= {"validating", "declined", "submitted_before", "overtaken"}
    for row in Enrollment.objects.filter(pk__in=[row.pk for row in ten]):
        if found[row.pk] in {"declined", "submitted_before", "overtaken"}:
            assert row.payout_profile != many.payout and row.submitted_by != ida


def test_a_killed_worker_loses_nothing_and_does_nothing_twice(partner: Partner) -> None:
    ida = make.person("Ida Norén", partner, make.INCENTIVES_ADMIN)
    many = network(partner, ida, 150)
    job = started(ida, partner, many.rows)
    lefts = [150]
    for _kill in range(2):
        with worker():
            wait(lambda: waiting(job) <= lefts[-1] - 25)
        lefts.append(waiting(job))
    assert 0 < lefts[-1] < lefts[1] < 150, "the kills came too early or too late to prove anything"
    with worker():
        wait(lambda: BulkEnrollment.objects.filter(pk=job.pk, finished_at__isnull=False).exists())
    is_consistent(job)
    assert Counter(job.rows.values_list("outcome", flat=True)) == {"validating": 150}


def test_two_clicks_at_once_start_one_job(as_: As, partner: Partner) -> None:
    ida = make.person("Ida Norén", partner, make.INCENTIVES_ADMIN)
    many = network(partner, ida, 10)
    clients = [as_(ida) for _ in range(4)]
    sent = fields_of(clients[0].get(MANY, {"all": "1"}).content.decode()) | {"do": "start"}
    answers: list[str] = []
    at_once(*(lambda client=client: answers.append(client.post(MANY, sent)["Location"]) for client in clients))
    assert len(answers) == 4 and len(set(answers)) == 1
    assert BulkEnrollment.objects.get().rows.count() == len(many.rows)


def test_two_jobs_over_the_same_rows_do_each_once(partner: Partner) -> None:
    ida = make.person("Ida Norén", partner, make.INCENTIVES_ADMIN)
    kim = make.person("Kim Ek", partner, make.INCENTIVES_ADMIN)
    many = network(partner, ida, 40)
    first, second = started(ida, partner, many.rows), started(kim, partner, many.rows)
    at_once(*[lambda: bulk.run_due(patience=120)] * 4)
    bulk.run_due()
    is_consistent(first)
    is_consistent(second)
    pairs = zip(
        first.rows.order_by("enrollment").values_list("outcome", flat=True),
        second.rows.order_by("enrollment").values_list("outcome", flat=True),
        strict=True,
    )
    assert {tuple(sorted(pair)) for pair in pairs} == {("submitted_before", "validating")}
