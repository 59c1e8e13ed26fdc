"""A mail's mark is under way while the next one is announced; who is killed or cut off meanwhile repeats nothing (rule INV-6)."""

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import DatabaseError, connection, transaction

from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.models import Mail
from incentives_portal.core.outbox import send_due, underway
from incentives_portal.core.outbox.delivery import MailServer
from incentives_portal.core.outbox.marking import LEASE
from incentives_portal.core.outbox.underway import TRUE, Statement
from tests.core.mail_server import CountingServer
from tests.core.test_mail_stress import owe_many, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rule("INV-6")]

# A worker whose mail was just taken: it sends the mark and is gone before PostgreSQL can have answered.
KILLED = """
import os, signal, sys, django
django.setup()
from incentives_portal.core.models import Mail
from incentives_portal.core.outbox.delivery import Answer, Delivery
from incentives_portal.core.outbox.marking import Marks, Said
mail = Mail.objects.get()
Marks(mail.claim, print).write(Said(mail, Delivery(Answer.TAKEN)))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def server(settings: Any) -> Iterator[CountingServer]:
    counting = CountingServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", counting.port
    counting.start()
    yield counting
    counting.stop()


def own_database() -> str:
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}"))


def killed_after_sending_its_mark() -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED], env=os.environ | {"TESTING": "1", "DATABASE_URL": own_database()})
    assert killed.returncode == -signal.SIGKILL


def claimed() -> None:
    owe_many(1)
    Mail.objects.update(claim=uuid.uuid4(), claimed_until=DatabaseNow() + LEASE, attempts=1)


def test_a_mark_that_was_sent_is_written_though_its_worker_is_killed() -> None:
    claimed()
    killed_after_sending_its_mark()
    until(lambda: Mail.objects.get().state == "sent", seconds=10)


def test_a_mark_is_written_even_if_postgresql_comes_to_it_after_the_kill() -> None:
    claimed()
    with transaction.atomic():
        Mail.objects.select_for_update().get()
        killed_after_sending_its_mark()
        time.sleep(0.2)
        assert Mail.objects.get().state == "owed"
    until(lambda: Mail.objects.get().state == "sent", seconds=10)


@pytest.mark.parametrize("meanwhile", ["announce", "hand_over"])
def test_a_worker_that_is_cut_off_from_postgresql_marks_on_a_new_connection(
    server: CountingServer, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    owe_many(5)
    sent_before_it_broke, act = 2, getattr(MailServer, meanwhile)

    def cut_off(self: Any, mail: Mail) -> Any:
        said = act(self, mail)
        if server.times.total() == sent_before_it_broke and not broken:
            broken.append(connection.connection.info.backend_pid)
            with socket.socket(fileno=os.dup(connection.connection.pgconn.socket)) as to_postgresql:
                to_postgresql.shutdown(socket.SHUT_RDWR)
        return said

    broken: list[int] = []
    monkeypatch.setattr(MailServer, meanwhile, cut_off)
    assert send_due().sent == 5
    assert broken
    assert broken != [connection.connection.info.backend_pid], "a new connection"
    assert list(server.times.values()) == [1] * 5
    assert not Mail.objects.exclude(state="sent", claim=None, attempts=1).exists()


def test_a_postgresql_that_stays_away_ends_the_run(monkeypatch: pytest.MonkeyPatch, server: CountingServer) -> None:
    owe_many(2)
    monkeypatch.setattr(underway, "PATIENCE", 1)
    connection.ensure_connection()
    # Neither this connection nor a new one: what the server sees of it is that nobody answers.
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")

    def close(self: Any, mail: Mail) -> None:
        connection.connection.close()

    monkeypatch.setattr(MailServer, "announce", close)
    with pytest.raises(DatabaseError):
        send_due()
    assert not server.times


def statement_fails(statement: Statement) -> None:
    statement.send(0)
    with pytest.raises(DatabaseError):
        statement.answer()


def test_a_statement_that_fails_says_so_and_leaves_the_connection_as_it_was() -> None:
    statement = Statement("tried", "SELECT 10 / $1::int, $1::int IS NULL")
    statement_fails(statement)
    statement.send(5)
    assert statement.answer() == [b"\0\0\0\2", b"\0"]
    statement.send(None)
    assert statement.answer() == [None, TRUE]
    assert connection.is_usable()


def test_a_connection_that_forgot_what_was_prepared_prepares_it_anew(server: CountingServer) -> None:
    for _ in range(2):
        owe_many(2)
        assert send_due().sent == 2
        with connection.cursor() as cursor:
            cursor.execute("DEALLOCATE ALL")


def test_the_mail_longest_due_goes_first(server: CountingServer) -> None:
    mails = owe_many(3)
    for minutes, mail in enumerate(mails):
        Mail.objects.filter(pk=mail.pk).update(due_at=DatabaseNow() - LEASE * (minutes + 1))
    send_due()
    assert list(server.times) == [mail.message_id for mail in reversed(mails)]


def test_a_mail_without_a_wire_form_goes_between_the_others(server: CountingServer) -> None:
    mails = owe_many(3)
    Mail.objects.filter(pk=mails[1].pk).update(message=None)
    assert send_due().sent == 3
    assert set(server.times) == {mail.message_id for mail in mails}
    assert server.connections == 1


def test_who_lost_the_claim_takes_back_what_was_announced(server: CountingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    mails = owe_many(3)
    hand_over: Callable[..., Any] = MailServer.hand_over

    def hand_over_and_lose(self: Any, mail: Mail) -> Any:
        Mail.objects.filter(pk=mails[1].pk, state="owed").update(claim=uuid.uuid4(), claimed_until=DatabaseNow() + LEASE)
        return hand_over(self, mail)

    for minutes, mail in enumerate(mails):
        Mail.objects.filter(pk=mail.pk).update(due_at=DatabaseNow() - LEASE * (3 - minutes))
    monkeypatch.setattr(MailServer, "hand_over", hand_over_and_lose)
    counts = send_due()
    assert (counts.sent, counts.later, counts.dead) == (2, 0, 0)
    assert set(server.times) == {mails[0].message_id, mails[2].message_id}
    assert server.connections == 1


@pytest.mark.parametrize("meanwhile", ["announce", "hand_over"])
def test_a_run_that_is_interrupted_marks_what_was_taken(
    server: CountingServer, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    owe_many(4)
    act = getattr(MailServer, meanwhile)

    def interrupted(self: Any, mail: Mail) -> Any:
        if server.times.total() == 2:
            raise KeyboardInterrupt
        return act(self, mail)

    monkeypatch.setattr(MailServer, meanwhile, interrupted)
    with pytest.raises(KeyboardInterrupt):
        send_due()
    taken = Mail.objects.filter(message_id__in=server.times)
    assert set(taken.values_list("state", "claim")) == {("sent", None)}
    assert Mail.objects.filter(state="owed", attempts=1).count() == 1, "the one that was begun"
    assert Mail.objects.filter(state="owed", attempts=0).count() == 1
