"""What is owed is sent: once, to the right person, in their language, whatever the mail server does (rule INV-6)."""

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from incentives_portal.core import clock, waking
from incentives_portal.core.models import Mail
from incentives_portal.core.outbox import owe, send_due, sending
from incentives_portal.core.outbox.claiming import ATTEMPTS
from incentives_portal.core.outbox.marking import LEASE, pause_after
from incentives_portal.core.outbox.owing import SEND_MAIL
from tests import factories as make
from tests.core.mail_server import ScriptedServer

pytestmark = [pytest.mark.django_db, pytest.mark.rule("INV-6")]


@pytest.fixture
def server(settings: Any) -> Iterator[ScriptedServer]:
    scripted = ScriptedServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", scripted.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    scripted.start()
    yield scripted
    scripted.stop()


def owed(to: User | None = None, **context: Any) -> Mail:
    to = to or make.UserFactory.create()
    location = context.pop("location", None) or make.LocationFactory.build()
    mail = owe("coverage", to=to, key=str(uuid.uuid4()), context={"locations": [location], "path": "/people/", **context})
    assert mail is not None
    return mail


def test_is_sent_with_what_mail_programs_need(server: ScriptedServer) -> None:
    mail = owed()
    counts = send_due()
    (sent,) = server.taken
    mail.refresh_from_db()
    assert (counts.sent, mail.state, mail.claim) == (1, "sent", None)
    assert sent["Message-ID"] == mail.message_id
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent["Content-Language"] == "en"
    assert str(sent["From"]).startswith("Northwind Partner Center <")
    assert sent.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in sent.iter_parts()] == ["text/plain", "text/html"]
    assert "http://127.0.0.1:8000/people/" in mail.text
    assert 'href="http://127.0.0.1:8000/people/"' in mail.html


def test_is_owed_once_per_key(server: ScriptedServer) -> None:
    user, context = make.UserFactory.create(), {"locations": [make.LocationFactory.build()], "path": "/"}
    assert owe("coverage", to=user, key="one", context=context)
    assert owe("coverage", to=user, key="one", context=context) is None
    assert send_due().sent == 1
    assert send_due().sent == 0
    assert len(server.taken) == 1


def test_many_go_over_one_connection(server: ScriptedServer) -> None:
    for _ in range(45):
        owed()
    assert send_due(limit=41).sent == 41
    assert server.connections == 1
    assert send_due().sent == 4


def test_nothing_owed_asks_no_mail_server(server: ScriptedServer) -> None:
    send_due()
    assert server.connections == 0


def test_a_refusal_for_now_is_tried_again_later(server: ScriptedServer) -> None:
    user, other = make.UserFactory.create_batch(2)
    mail, _ = owed(user), owed(other)
    server.answers[user.email] = ["451 4.3.0 greylisted"]
    counts = send_due()
    assert (counts.sent, counts.later) == (1, 1)
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.claim) == ("owed", 1, None)
    assert mail.last_error == "SMTPRecipientsRefused 451"
    assert send_due().sent == 0, "not before its pause is over"
    clock.move(by=dt.timedelta(minutes=1))
    assert send_due().sent == 1
    assert server.recipients() == [other.email, user.email]


def test_a_refusal_for_good_is_a_dead_letter(server: ScriptedServer) -> None:
    user, other = make.UserFactory.create_batch(2)
    mail, _ = owed(user), owed(other)
    server.answers[user.email] = [f"550 5.1.1 <{user.email}> unknown"]
    counts = send_due()
    assert (counts.sent, counts.dead) == (1, 1)
    mail.refresh_from_db()
    assert (mail.state, mail.last_error) == ("dead", "SMTPRecipientsRefused 550")
    clock.move(by=dt.timedelta(days=30))
    assert send_due().sent == 0


@pytest.mark.rule("ACC-5")
def test_a_mail_with_a_secret_link_keeps_no_text_once_it_is_done(server: ScriptedServer) -> None:
    _sent, refused, delayed, plain = users = make.UserFactory.create_batch(4)
    mails = [owed(user) for user in users]
    Mail.objects.exclude(to=plain.email).update(is_secret=True)
    server.answers.update({refused.email: ["550 unknown"], delayed.email: ["451 later"] * 100})
    send_due()
    for mail in mails:
        mail.refresh_from_db()
    assert [bool(mail.text and mail.html) for mail in mails] == [False, False, True, True]
    assert not any(mail.text or mail.html for mail in mails[:2])
    assert "http://127.0.0.1:8000/people/" in str(server.taken[0]), "and it was sent whole"
    for _ in range(ATTEMPTS):
        clock.move(by=dt.timedelta(hours=1))
        send_due()
    last = Mail.objects.get(to=delayed.email)
    assert (last.state, last.text, last.html) == ("dead", "", "")


def test_gives_up_after_many_tries(server: ScriptedServer) -> None:
    user = make.UserFactory.create()
    mail = owed(user)
    server.answers[user.email] = ["451 later"] * 100
    for _ in range(ATTEMPTS):
        send_due()
        clock.move(by=dt.timedelta(hours=1))
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("dead", ATTEMPTS)


def test_a_server_that_hangs_up_delays_only_the_mail_it_hung_up_on(server: ScriptedServer) -> None:
    users = make.UserFactory.create_batch(4)
    mails = [owed(user) for user in users]
    server.answers[users[1].email] = ["hang up"]
    counts = send_due()
    assert (counts.sent, counts.later, counts.reachable) == (3, 1, True)
    # Mails that are due at the same moment have no order.
    assert sorted(server.recipients()) == sorted([users[0].email, users[2].email, users[3].email])
    mails[1].refresh_from_db()
    assert (mails[1].state, mails[1].attempts, mails[1].claim) == ("owed", 1, None)


def test_a_server_that_always_hangs_up_is_left_alone_and_nothing_is_used_up(server: ScriptedServer) -> None:
    users = make.UserFactory.create_batch(6)
    for user in users:
        owed(user)
        server.answers[user.email] = ["hang up"] * 9
    counts = send_due()
    assert (counts.sent, counts.later) == (0, 3)
    assert Mail.objects.filter(attempts=0, claim=None, state="owed").count() == 3


def test_a_mail_server_that_is_away_costs_nothing(server: ScriptedServer) -> None:
    server.stop()
    mail = owed()
    counts = send_due()
    assert (counts.sent, counts.reachable) == (0, False)
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.claim) == ("owed", 0, None)
    server.start()
    assert send_due().sent == 1


def test_a_claim_is_respected_until_it_runs_out(server: ScriptedServer) -> None:
    mail = owed()
    Mail.objects.filter(pk=mail.pk).update(claim=uuid.uuid4(), claimed_until=clock.now() + LEASE)
    assert send_due().sent == 0
    clock.move(by=LEASE)
    assert send_due().sent == 1


def test_who_lost_the_claim_neither_sends_nor_writes(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = owed(), owed()
    thief = uuid.uuid4()
    hand_over = sending.MailServer.hand_over

    def hand_over_and_lose(self: Any, mail: Mail) -> Any:
        Mail.objects.filter(pk=second.pk).update(claim=thief, claimed_until=clock.now() + LEASE)
        return hand_over(self, mail)

    monkeypatch.setattr(sending.MailServer, "hand_over", hand_over_and_lose)
    assert send_due().sent == 1
    second.refresh_from_db()
    assert (second.claim, second.state, second.attempts) == (thief, "owed", 0)
    assert server.recipients() == [first.to]


def test_a_mail_that_kills_its_worker_is_given_up(server: ScriptedServer) -> None:
    mail = owed()
    Mail.objects.filter(pk=mail.pk).update(attempts=ATTEMPTS, claim=uuid.uuid4(), claimed_until=clock.now())
    assert send_due().dead == 1


@pytest.mark.parametrize("more", ["\nBcc: everybody@partner.example", "> NOTIFY=NEVER ORCPT=rfc822;<ulf@partner.example"])
def test_an_address_that_says_more_than_an_address_is_a_dead_letter(server: ScriptedServer, more: str) -> None:
    mail, other = owed(), owed()
    Mail.objects.filter(pk=mail.pk).update(to=f"ines@partner.example{more}")
    counts = send_due()
    assert (counts.sent, counts.dead) == (1, 1)
    assert server.recipients() == [other.to]


def test_no_name_smuggles_a_header_in(server: ScriptedServer) -> None:
    place = make.LocationFactory.build(name="Kontor\r\nBcc: everybody@partner.example\nX-Evil: 1")
    owed(make.UserFactory.create(name="Ines\nBcc: all@partner.example"), location=place)
    send_due()
    (sent,) = server.taken
    assert sent["Bcc"] is None
    assert sent["X-Evil"] is None
    assert str(sent["Subject"]) == "No incentives admin: Kontor Bcc: everybody@partner.example X-Evil: 1"


def test_the_database_refuses_a_subject_of_two_lines() -> None:
    mail = owed()
    with pytest.raises(IntegrityError), transaction.atomic():
        Mail.objects.filter(pk=mail.pk).update(subject="a\nBcc: b")


def test_names_are_text_not_markup(server: ScriptedServer) -> None:
    mail = owed(location=make.LocationFactory.build(name="Lind & <b>Söner</b>"))
    assert "Lind & <b>Söner</b>" in mail.text
    assert "Lind &amp; &lt;b&gt;Söner&lt;/b&gt;" in mail.html
    assert "Lind & <b>Söner</b>" in mail.subject


@pytest.mark.parametrize(("attempts", "pause"), [(1, 30), (2, 60), (7, 1920), (8, 3600), (12, 3600), (500, 3600)])
def test_pauses_double_up_to_an_hour(attempts: int, pause: int) -> None:
    assert pause_after(attempts) == dt.timedelta(seconds=pause)


def test_the_sender_is_woken_once_per_transaction(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        owed()
        owed()
        with transaction.atomic():
            owed()
    assert [callback.args for callback in callbacks] == [(SEND_MAIL,)]


def test_the_hint_of_an_act_that_failed_wakes_nobody_but_the_next_one_does(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        with contextlib.suppress(ValidationError), transaction.atomic():
            owed()
            raise ValidationError("no")
        owed()
    assert [callback.args for callback in callbacks] == [(SEND_MAIL,)]
    assert Mail.objects.count() == 1


def test_a_broker_that_is_away_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    # An application of its own: the real one keeps its connections for the tests that follow.
    monkeypatch.setattr(waking, "current_app", Celery(broker="redis://127.0.0.1:1/0", set_as_current=False))
    waking.wake(SEND_MAIL)
    assert connection.is_usable()
