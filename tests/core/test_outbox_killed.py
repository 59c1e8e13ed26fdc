"""kill -9 in the middle of a mail run: nothing is lost, and at most the mail in flight comes twice, as itself (rule INV-6)."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection

from incentives_portal.core import clock
from incentives_portal.core.models import Mail
from incentives_portal.core.outbox import send_due
from incentives_portal.core.outbox.marking import LEASE
from tests.core.mail_server import ScriptedServer

MAILS = 60


class SlowServer(ScriptedServer):
    """Takes its time, so that a kill hits something."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        await asyncio.sleep(0.02)
        return answer


@pytest.fixture
def server(settings: Any) -> Iterator[SlowServer]:
    slow = SlowServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", slow.port
    slow.start()
    yield slow
    slow.stop()


def run_in_the_middle(server: ScriptedServer) -> None:
    """Starts the command and kills it after it sent some."""
    before = len(server.taken)
    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}"))
    process = subprocess.Popen(
        [sys.executable, settings.BASE_DIR / "manage.py", "send_mail"],
        env=os.environ | {"TESTING": "1", "DATABASE_URL": url, "EMAIL_URL": f"smtp://127.0.0.1:{server.port}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while len(server.taken) < before + 7 and time.monotonic() < deadline:
            time.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert before + 7 <= len(server.taken) < MAILS, "the kill came too early or too late to prove anything"


@pytest.mark.django_db(transaction=True)
@pytest.mark.rule("INV-6")
def test_nothing_is_lost_and_only_the_mail_in_flight_may_repeat(server: SlowServer) -> None:
    Mail.objects.bulk_create(
        Mail(
            key=f"key {number}",
            kind="coverage",
            to=f"person{number}@people.example",
            language="en",
            subject="Subject",
            text="Text",
            html="<p>Text</p>",
            message_id=f"<{number}@partner-center>",
        )
        for number in range(MAILS)
    )
    shift = clock.shift()
    try:
        for _ in range(2):
            run_in_the_middle(server)
            clock.move(by=LEASE)
        send_due()
    finally:
        clock.move(by=shift - clock.shift())
    times = Counter(str(mail["Message-ID"]) for mail in server.taken)
    assert len(times) == MAILS
    assert not Mail.objects.exclude(state="sent").exists()
    repeated = [number for number in times.values() if number > 1]
    assert len(repeated) <= 2, "one per kill"
    assert all(number == 2 for number in repeated)
