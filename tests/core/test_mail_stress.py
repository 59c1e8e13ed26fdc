"""Many mails under kill -9, refusals for now and for good, and a server that hangs (rule INV-6).

Small here; the figures of a release are MAILS=20000 KILLS=60 pytest tests/core/test_mail_stress.py -s
"""

import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings as portal_settings
from django.db import connection

from incentives_portal.core import clock
from incentives_portal.core.models import Mail
from incentives_portal.core.outbox import send_due
from incentives_portal.core.outbox.claiming import WAITING
from incentives_portal.core.outbox.composing import wire_form
from incentives_portal.core.outbox.storing import store
from tests.core.mail_server import CountingServer

MAILS, KILLS = int(os.environ.get("MAILS", "200")), int(os.environ.get("KILLS", "2"))
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rule("INV-6")]


@pytest.fixture
def server(settings: Any) -> Iterator[CountingServer]:
    counting = CountingServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", counting.port
    settings.EMAIL_TIMEOUT = 1
    counting.start()
    yield counting
    counting.stop()


@pytest.fixture(autouse=True)
def the_clock_goes_back() -> Iterator[None]:
    shift = clock.shift()
    yield
    clock.move(by=shift - clock.shift())


def owe_many(count: int) -> list[Mail]:
    mails = []
    for number in range(count):
        pk = uuid.uuid4()
        mail = Mail(id=pk, key=str(pk), kind="invitation", to=f"{number}@people.example", language="en", subject="You are invited")
        mail.text, mail.html, mail.message_id = "Text", "<p>Text</p>", f"<{pk}@partner-center>"
        mail.message = wire_form(mail)
        mails.append(mail)
    for start in range(0, count, 200):
        store(mails[start : start + 200])
    return mails


def worker(server: CountingServer) -> "subprocess.Popen[bytes]":
    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}"))
    return subprocess.Popen(
        [sys.executable, portal_settings.BASE_DIR / "manage.py", "send_mail"],
        env=os.environ | {"TESTING": "1", "DATABASE_URL": url, "EMAIL_URL": f"smtp://127.0.0.1:{server.port}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def until(condition: Any, *processes: "subprocess.Popen[bytes]", seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        if processes and all(process.poll() is not None for process in processes):
            return
        time.sleep(0.01)


def drained(server: CountingServer) -> None:
    """Sends what is left, the clock moved on past every pause."""
    for _ in range(16):
        send_due()
        if not Mail.objects.filter(state=Mail.State.OWED).exists():
            return
        clock.move(by=WAITING * 6)
    raise AssertionError(Mail.objects.filter(state=Mail.State.OWED).count())


def test_without_kills_none_is_lost_and_none_repeated_by_two_workers(server: CountingServer) -> None:
    mails = owe_many(MAILS // 2)
    refuse(server, mails)
    workers = [worker(server), worker(server)]
    for one in workers:
        one.wait(timeout=600)
    drained(server)
    judge(server, mails, kills=0)


def test_under_kills_none_is_lost_and_at_most_one_a_kill_repeated(server: CountingServer) -> None:
    mails = owe_many(MAILS)
    refuse(server, mails)
    drawn = random.Random(20261121)
    running, kills, begun = [worker(server), worker(server)], 0, time.monotonic()
    while kills < KILLS and Mail.objects.filter(state=Mail.State.OWED, attempts=0).exists():
        before = server.times.total()
        until(lambda before=before: server.times.total() > before + drawn.randrange(1, max(MAILS // KILLS // 2, 3)), *running)  # type: ignore[misc]
        victim = drawn.choice(running)
        victim.kill()
        kills += victim.wait() < 0
        running[running.index(victim)] = worker(server)
    for one in running:
        one.wait(timeout=900)
    drained(server)
    repeated = judge(server, mails, kills=kills)
    print(f"\n{MAILS} mails, {kills} kills: 0 lost, {repeated} repeated, {time.monotonic() - begun:.0f} s")


def refuse(server: CountingServer, mails: list[Mail]) -> None:
    """Of a hundred mails two are put off, one breaks the connection and one is refused for good; two of all meet silence."""
    for number, mail in enumerate(mails):
        answers = {3: ["451 4.3.0 later"], 13: ["451 later", "452 4.2.2 full"], 23: ["hang up"], 33: ["550 5.1.1 unknown"] * 99}
        server.answers[mail.to] = answers.get(number % 100, [])
    for mail in mails[50:200:100]:
        server.answers[mail.to] = ["hang"]


def judge(server: CountingServer, mails: list[Mail], *, kills: int) -> int:
    """Every mail arrived, but those refused for good, which are dead letters; and how many came twice."""
    unknown = {mail.message_id for number, mail in enumerate(mails) if number % 100 == 33}
    assert set(server.times) == {mail.message_id for mail in mails} - unknown
    dead = Mail.objects.filter(state=Mail.State.DEAD)
    assert set(dead.values_list("message_id", flat=True)) == unknown
    assert set(dead.values_list("last_error", flat=True)) == {"SMTPRecipientsRefused 550"}
    repeated = server.times.total() - len(server.times)
    assert repeated <= kills
    return repeated


def test_a_mail_that_the_server_falls_silent_on_delays_the_others_by_its_time_out(server: CountingServer) -> None:
    mails = owe_many(60)
    server.answers[mails[0].to] = ["hang"]
    begun = time.monotonic()
    counts = send_due()
    assert (counts.sent, counts.later) == (59, 1)
    assert time.monotonic() - begun < 50, "one time-out of a second, and not one for each"


def test_a_mail_that_kills_its_worker_delays_the_others_by_less_than_a_minute(server: CountingServer) -> None:
    mails = owe_many(60)
    server.answers[mails[0].to] = ["hang"]
    process = worker(server)
    until(lambda: Mail.objects.filter(attempts=1, state="owed").exists())
    process.kill()
    process.wait()
    already = Mail.objects.filter(state="sent").count()
    clock.move(by=WAITING)  # the sweep comes every half minute
    assert send_due().sent == 59 - already
    assert WAITING.total_seconds() + portal_settings.SWEEP_SECONDS < 60
