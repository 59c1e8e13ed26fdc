"""An account and a tax number that nobody else has, searched for wherever they must not be (rule PAY-3)."""

import base64
import io
import json
import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils.log import AdminEmailHandler
from redis import Redis

from accounts.models import Location, User
from incentives_portal.core.models import Mail
from incentives_portal.local import processes
from profiles.models import PayoutProfile, PayoutProfileVersion, TaxProfile, TaxProfileVersion, Validation
from tests import dumps
from tests import factories as make
from tests.attack.canaries import IBAN, ORGNR, SECOND_IBAN, clean, forms_of, hits, in_redis
from tests.enrollment import journeys
from tests.pages.every_page import build, visits
from tests.services import Mailbox

pytestmark = [pytest.mark.django_db, pytest.mark.rule("PAY-3")]
As = Callable[[User], Client]
BANK = {"name": "Canary", "payment_method": "bank_transfer", "bank_country": "DE", "account_holder": "Norrsken Data AB"}
TAX = {
    "name": "Canary",
    "legal_name": "Norrsken Data AB",
    "street": "Storgatan 1",
    "city": "Göteborg",
    "country": "SE",
    "classification": "company",
    "form_kind": "local",
}


def test_the_search_finds_what_it_is_for() -> None:
    """A search that finds nothing proves something only if it could have found it."""
    for number in (IBAN, ORGNR):
        for text in (number, f"…{number[:4]} {number[4:8]} {' '.join(number[at : at + 4] for at in range(8, len(number), 4))}…"):
            assert hits(text)
        for before in ("", "a", "ab", '{"iban": "'):
            assert hits(base64.b64encode(f"{before}{number} and more".encode()))
            assert hits(f"{before}{number}".encode().hex())
    assert not hits("DE75 •••• 6199") and len(set(forms_of(IBAN))) > 12


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def save(client: Client, location: Location, iban: str = IBAN) -> list[Any]:
    """What Ines' browser sends: both profiles with their numbers, mistyped first."""
    new_tax = f"{reverse('tax_new')}?location={location.pk}"
    wrong = f"{IBAN[:2]}{(int(IBAN[2:4]) + 1) % 100:02}{IBAN[4:]}"
    return [
        client.post(reverse("payout_check", args=["iban"]), {"bank_country": "DE", "iban": iban}),
        client.post(reverse("payout_check", args=["iban"]), {"bank_country": "DE", "iban": wrong}),
        client.post(reverse("payout_new"), BANK | {"iban": wrong}),
        client.post(reverse("payout_new"), BANK | {"name": "", "iban": iban}),
        client.post(reverse("payout_new"), BANK | {"show": "1", "iban": iban}),
        client.post(reverse("payout_new"), BANK | {"iban": " ".join(iban)}),
        client.post(reverse("tax_check", args=["orgnr"]), {"country": "SE", "orgnr": ORGNR}),
        client.post(new_tax, TAX | {"name": "", "orgnr": ORGNR}),
        client.post(new_tax, TAX | {"orgnr": ORGNR}),
    ]


def wait(until: Callable[[], bool], *, hint: str) -> None:
    deadline = time.monotonic() + 120
    while not until():
        assert time.monotonic() < deadline, "the worker did nothing"
        current_app.send_task(hint)
        time.sleep(0.2)


@pytest.fixture
def worker(transactional_db: None, tmp_path: Path) -> Iterator[Path]:
    """A real worker that says all it can; the file of what it said."""
    said = tmp_path / "worker.log"
    environment = os.environ | {"TESTING": "1", "DATABASE_URL": dumps.address(), "LOG_LEVEL": "DEBUG"}
    command = [part.replace("INFO", "DEBUG") for part in processes.here(processes.WORKER)]
    with said.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=configured.BASE_DIR, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    yield said
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.django_db(transaction=True)
def test_after_the_whole_walk_the_numbers_stand_nowhere(
    as_: As, location: Location, ines: User, rita: User, logged: pytest.LogCaptureFixture, worker: Path, smtp: Mailbox
) -> None:
    """Mistyped, typed right, saved, submitted, checked, rejected, mended, approved, archived; keys rotated; all commands run."""
    client, reviewer = as_(ines), as_(rita)
    row = journeys.accepted(make.ProgramFactory.create(), location, ines)
    for number, answer in enumerate(save(client, location)):
        clean(f"answer {number}", answer.content)
    payout, tax = PayoutProfile.objects.get(name="Canary"), TaxProfile.objects.get(name="Canary")
    chosen = {"payout_profile": payout.pk, "tax_profile": tax.pk, "currency": "SEK"}
    assert client.post(reverse("enroll", args=[row.pk]), chosen).status_code == 302
    first = Validation.objects.get(payout_version=payout.latest)
    wait(lambda: not Validation.objects.filter(checked_at=None, decision="").exists(), hint="profiles.tasks.run_validations")
    if not Validation.objects.get(pk=first.pk).decision:
        note = {"reason_iban": "other", "note_iban": "Not an account of this company."}
        assert reviewer.post(reverse("review_reject", args=[first.pk]), note).status_code == 302
    reviewer.post(reverse("review_reject", args=[first.pk]), {"reason_iban": "other", "note_iban": f"It says {IBAN} here."})
    edit = reverse("payout_edit", args=[payout.pk])
    mended = BANK | {"bank_country": "SE", "seen": "1", "iban": SECOND_IBAN}
    asked = client.post(edit, mended)
    confirmed = client.post(edit, mended | {"confirmed": asked.context["stamp"]}, follow=True)
    clean("mending", client.get(edit).content, asked.content, confirmed.content)
    old = journeys.bank(location, ines, name="Old", bank_country="DE", identifiers={"iban": IBAN})
    client.post(reverse("payout_archive", args=[old.pk]))
    wait(lambda: not Mail.objects.filter(state="owed").exists(), hint="incentives_portal.core.tasks.send_mail")
    said = io.StringIO()
    for command in (["rotate_keys"], ["rotate_keys", "--check"], ["rotate_keys", "--fingerprints"], ["check_statuses"], ["health"]):
        call_command(*command, json=True, stdout=said, stderr=said)

    clean("what commands say", said.getvalue())
    clean("logs", logged.text)
    clean("what the worker says", worker.read_bytes())
    clean("the dump", dumps.run("pg_dump", "--format=plain"))
    clean("sessions", *(json.dumps(session.get_decoded(), default=str) for session in Session.objects.all()))
    with Redis.from_url(configured.REDIS_URL) as redis:
        clean("redis", *in_redis(redis))
    mails = smtp.mails()
    assert mails, "nothing was sent, so nothing was searched"
    for each in mails:
        clean("mails", each.as_bytes(), *(part.get_content() for part in each.walk() if part.get_content_maintype() == "text"))
    read = {json.dumps(version.read_identifiers()) for version in PayoutProfileVersion.objects.all()}
    assert any(IBAN in text for text in read) and any(SECOND_IBAN in text for text in read), "they were there all the time"


def test_no_page_of_anybody_shows_one(as_: As, tmp_path: Path, settings: Any) -> None:
    """Every page, by everybody who sees it, whoever wrote the number included."""
    settings.MAIL_CATCHER_FOLDER = tmp_path
    world = build("en", tmp_path)
    for version in PayoutProfileVersion.objects.exclude(identifiers=None):
        version.identifiers = json.dumps({"iban": IBAN})
        version.save(update_fields=["identifiers"])
    for version in TaxProfileVersion.objects.all():
        version.identifiers = json.dumps({"orgnr": ORGNR})
        version.save(update_fields=["identifiers"])
    seen = 0
    for visit in visits(world):
        if not visit.press:
            browser = as_(visit.by) if visit.by else Client()
            clean(str(visit), browser.get(visit.path, follow=True).content)
            seen += 1
    for model in ("payoutprofile", "taxprofile", "validation", "auditentry", "run"):
        clean(model, as_(world.root).get(f"/admin/profiles/{model}/").content, as_(world.root).get(f"/admin/core/{model}/").content)
    assert seen > 60


def test_a_page_that_breaks_shows_logs_and_mails_no_number(
    as_: As, location: Location, ines: User, logged: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.ADMINS = [("Operations", "operations@operator.example")]
    # All that Django can tell: the request, its variables, and those of every function on the way.
    handler = AdminEmailHandler(include_html=True)
    logging.getLogger("django.request").addHandler(handler)

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the disk is full")

    for place in ("profiles.services.payouts._add_version", "profiles.services.taxes._add_version"):
        monkeypatch.setattr(place, broken)
    client = as_(ines)
    client.raise_request_exception = False
    try:
        answers = save(client, location)
    finally:
        logging.getLogger("django.request").removeHandler(handler)
    assert [answer.status_code for answer in answers].count(500) == 2
    clean("the error pages", *(answer.content for answer in answers))
    clean("logs", logged.text)
    assert len(mail.outbox) >= 2
    for sent in mail.outbox:
        assert "the disk is full" in sent.body
        clean("the mails to admins", sent.body, *(str(text) for text, _kind in getattr(sent, "alternatives", [])))


def test_a_page_that_is_not_there_shows_no_number(as_: As, ines: User, logged: pytest.LogCaptureFixture) -> None:
    answers = [as_(ines).post(path, {"iban": IBAN}) for path in ("/nowhere/", reverse("payout_check", args=["nothing"]))]
    assert answers[0].status_code == 404
    clean("the pages", *(answer.content for answer in answers))
    clean("logs", logged.text)
    assert as_(ines).get(reverse("payout_check", args=["iban"]), {"iban": IBAN}).status_code == 405, "never in an address"
