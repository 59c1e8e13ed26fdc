"""Workers whose clocks are wrong by two hours either way: what is due is decided by the database's clock (rules VAL-1, OPS-2)."""

import datetime as dt
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection
from redbeat.schedulers import get_redis
from redis import Redis

from accounts.models import Location, Partner, User
from incentives_portal.celery import app
from incentives_portal.core import clock, waking
from incentives_portal.core.models import Mail
from profiles.models import PayoutProfile, Validation
from profiles.services import payouts, validations
from tests.attack.test_wiped_redis import Beat
from tests.enrollment import stages
from tests.profiles.conftest import OTHER_IBAN, payout_fields
from tests.profiles.provider_server import serving
from tests.profiles.test_worker_killed import worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rule("VAL-1")]
WRONG_BY = pytest.mark.parametrize("hours", [-2, 0, 2])
FOLDER = settings.BASE_DIR / "tests" / "attack" / "wrong_clock"
WRONG_HOLDER = [("account_holder", "holder_differs_from_legal_name", "")]


def machine(hours: float, **more: str) -> dict[str, str]:
    """The environment of a process whose clock is wrong."""
    return {"PYTHONPATH": os.fspath(FOLDER), "CLOCK_IS_WRONG_BY": str(hours * 3600)} | more


@contextmanager
def ago(**much: float) -> Iterator[None]:
    """Does something as if it were so long ago."""
    with clock.moved_to(clock.now() - dt.timedelta(**much)):
        yield


class Waiting:
    """Validations on either side of everything that time decides, by what they are there for."""

    def __init__(self, partner: Partner, ines: User, rita: User, roland: User) -> None:
        self.partner, self.ines, self.rita, self.roland = partner, ines, rita, roland
        self.found: dict[str, Validation] = {}

    def submitted(self, name: str, *, checked: bool = True, **much: float) -> Validation:
        profile = payouts.create(partner=self.partner, by=self.ines, **payout_fields(name=name))
        with ago(**much):
            validation = validations.start(payout_version=profile.latest, paying_entity="Northwind", by=self.ines)
            if checked:
                Validation.objects.filter(pk=validation.pk).update(checked_at=clock.now())
        self.found[name] = validation
        return validation

    def update(self, validation: Validation, **columns: Any) -> None:
        Validation.objects.filter(pk=validation.pk).update(**columns)

    def all_of_them(self) -> None:
        for name, minutes in {"due in 5 minutes": 48 * 60 - 5, "due 5 minutes ago": 48 * 60 + 5}.items():
            self.submitted(name, minutes=minutes)
        for name, minutes in {"a day overdue in 5 minutes": 72 * 60 - 5, "a day overdue since 5 minutes": 72 * 60 + 5}.items():
            self.submitted(name, minutes=minutes)
        for name, minutes in {"claimed to approve": 10, "claim over to approve": 20}.items():
            validation = self.submitted(name)
            with ago(minutes=minutes):
                validations.claim(validation=validation, by=self.roland)
        for name, minutes in {"cooling off to approve": 24 * 60 - 5, "cooled off to approve": 24 * 60 + 5}.items():
            self.changed(name, minutes=minutes)
        for name, minutes in {"just decided to undo": 5, "long decided to undo": 15}.items():
            validation = self.submitted(name)
            with ago(minutes=minutes):
                validations.reject(validation=validation, reasons=WRONG_HOLDER, by=self.rita)
        Mail.objects.all().delete()
        for name, minutes in {"too early to check": 5, "time to check": 15}.items():
            self.submitted(name, checked=False, minutes=minutes)
        now, lease = clock.now(), {"ask_token": uuid.uuid4(), "ask_attempts": 1}
        for name, minutes in {"being asked": 5, "asked in vain": -5}.items():
            validation = self.submitted(name, checked=False, minutes=60)
            self.update(validation, asked_until=now + dt.timedelta(minutes=minutes), **lease)
        for name, minutes in {"to ask later": 5, "to ask again": -5}.items():
            validation = self.submitted(name, checked=False, minutes=60)
            self.update(validation, ask_after=now + dt.timedelta(minutes=minutes), ask_attempts=1)
        payouts.create(partner=self.partner, by=self.ines, **payout_fields(name="not submitted"))

    def changed(self, name: str, **much: float) -> None:
        """A changed account, whose validation is otherwise ready to be decided."""
        profile = payouts.create(partner=self.partner, by=self.ines, **payout_fields(name=name))
        with ago(**much):
            fields = payout_fields(name=name, identifiers={"iban": OTHER_IBAN})
            payouts.change(profile=profile, seen_version=1, by=self.ines, **fields)
            version = PayoutProfile.objects.get(pk=profile.pk).latest
            self.found[name] = validations.start(payout_version=version, paying_entity="Northwind", by=self.ines)
            self.update(self.found[name], checked_at=clock.now())


def mail(name: str, **columns: Any) -> Mail:
    texts = {"kind": "coverage", "to": "a@b.example", "language": "en", "subject": "S", "text": "T", "html": "<p>T</p>"}
    return Mail.objects.create(key=name, message_id=f"<{name}@x>", **texts, **columns)


def mails() -> None:
    """Mails that are held, and mails that another worker sends, on either side of now."""
    now, soon = clock.now(), dt.timedelta(minutes=1)
    mail("held", due_at=now + soon)
    mail("no longer held", due_at=now - soon)
    mail("leased", claim=uuid.uuid4(), claimed_until=now + soon, due_at=now - soon)
    mail("lease over", claim=uuid.uuid4(), claimed_until=now - soon, due_at=now - soon)


def decided(hours: float, asked: dict[str, Any], **more: str) -> dict[str, Any]:
    """What a process with a wrong clock decides."""
    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}"))
    environment = os.environ | {"TESTING": "1", "DATABASE_URL": url} | machine(hours, **more)
    command = [sys.executable, "-m", "tests.attack.deciding_now", json.dumps(asked)]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


@WRONG_BY
@pytest.mark.rule("VAL-2")
@pytest.mark.rule("VAL-4")
@pytest.mark.rule("PAY-5")
@pytest.mark.rule("INV-6")
def test_nothing_is_decided_by_a_workers_clock(
    hours: int, partner: Partner, ines: User, gunnar: User, rita: User, roland: User
) -> None:
    waiting = Waiting(partner, ines, rita, roland)
    waiting.all_of_them()
    mails()
    asked = {"rita": str(rita.pk), "ines": str(ines.pk), "names": {name: str(one.pk) for name, one in waiting.found.items()}}
    with serving() as provider:
        came_to = decided(
            hours,
            asked,
            VALIDATION_PROVIDER_URL=provider.url,
            AUTOMATIC_CHECK_DELAY_SECONDS="600",
            UNDO_SECONDS="600",
            BANK_CHANGE_COOLING_OFF_HOURS="24",
        )
    assert came_to.pop("clock") - time.time() == pytest.approx(hours * 3600, abs=60), "so wrong was its clock"
    started = Validation.objects.get(pk=came_to.pop("started"))
    assert started.due_at - started.submitted_at == dt.timedelta(hours=48)
    assert abs(clock.now() - started.submitted_at) < dt.timedelta(minutes=2)
    assert came_to == {
        "swept": {"checked": 3, "approved": 3, "waiting": 0, "failed": 0},
        "overdue": 3,
        "escalated": 1,
        "claimed to approve": "ClaimedError",
        "claim over to approve": "done",
        "cooling off to approve": "CoolingOffError",
        "cooled off to approve": "done",
        "just decided to undo": "done",
        "long decided to undo": "UndoError",
    }
    found = {name: Validation.objects.get(pk=one.pk) for name, one in waiting.found.items()}
    assert {name for name, one in found.items() if one.overdue_since} == {
        "due 5 minutes ago",
        "a day overdue in 5 minutes",
        "a day overdue since 5 minutes",
    }
    assert [name for name, one in found.items() if one.escalated_at] == ["a day overdue since 5 minutes"]
    assert {name for name, one in found.items() if one.decision == "approved" and not one.decided_by} == {
        "time to check",
        "asked in vain",
        "to ask again",
    }
    assert set(Mail.objects.filter(kind="coverage", state="sent").values_list("key", flat=True)) == {"no longer held", "lease over"}


@WRONG_BY
@pytest.mark.rule("VAL-4")
def test_a_worker_with_a_wrong_clock_hears_what_it_is_told(
    hours: int, partner: Partner, ines: User, rita: User, roland: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = Waiting(partner, ines, rita, roland)
    waiting.submitted("due in 5 minutes", minutes=48 * 60 - 5)
    late = waiting.submitted("due 5 minutes ago", minutes=48 * 60 + 5)
    with monkeypatch.context() as wrong:
        for name, value in machine(hours).items():
            wrong.setenv(name, value)
        with worker():
            deadline = time.monotonic() + 60
            while not Validation.objects.filter(overdue_since__isnull=False).exists():
                assert time.monotonic() < deadline, "an overdue validation was not flagged within a minute"
                waking.wake("profiles.tasks.run_validations")
                time.sleep(0.5)
    assert Validation.objects.get(overdue_since__isnull=False).pk == late.pk


@pytest.fixture
def redis() -> Iterator[Redis]:
    with Redis.from_url(settings.REDIS_URL) as server:
        server.flushdb()
        yield server
        server.flushdb()


@pytest.mark.rule("OPS-1")
@pytest.mark.filterwarnings("ignore:RedBeat will stop falling back:DeprecationWarning")
def test_a_beat_that_follows_one_whose_clock_was_ahead_is_not_silent_until_then(redis: Redis) -> None:
    beat = Beat()
    beat.speak()
    ahead = app.now() + dt.timedelta(hours=2)
    for key in get_redis(app).zrange(app.redbeat_conf.schedule_key, 0, -1):
        beat.scheduler.Entry.from_key(key, app=app).reschedule(ahead)
    beat.speak()
    due = dict(get_redis(app).zrange(app.redbeat_conf.schedule_key, 0, -1, withscores=True))
    in_time = time.time() + settings.SWEEP_SECONDS
    sweeps = [score for key, score in due.items() if key.endswith(("run_validations", "send_mail", "rederive_due"))]
    assert len(sweeps) == 3 and all(score <= in_time for score in sweeps)


SWITCHES = [
    # Swedish summer time begins on 28 March 2027 and ends on 31 October 2027, each at 01:00 UTC.
    (dt.datetime(2027, 3, 27, 11, tzinfo=dt.UTC), "29 March 13:00"),
    (dt.datetime(2027, 10, 30, 10, tzinfo=dt.UTC), "1 November 11:00"),
]


@pytest.mark.rule("VAL-4")
@pytest.mark.parametrize(("submitted_at", "shown"), SWITCHES)
def test_48_hours_are_48_hours_when_the_clocks_are_changed(
    submitted_at: dt.datetime, shown: str, location: Location, ines: User, as_: Callable[[User], Any], settings: Any
) -> None:
    assert settings.TIME_ZONE == "Europe/Stockholm"
    settings.AUTOMATIC_APPROVAL = False
    clock.move_to(submitted_at)
    row = stages.submitted(location, ines)
    validation = Validation.objects.order_by("due_at").first()
    assert validation is not None
    assert validation.due_at - validation.submitted_at == dt.timedelta(hours=48)
    page = as_(ines).get(f"/incentives/{row.pk}/").content.decode()
    assert f"Decision by {shown}, about 48 hours left" in page
    clock.move_to(validation.due_at - dt.timedelta(minutes=1))
    assert validations.flag_overdue() == 0
    assert "less than an hour left" in as_(ines).get(f"/incentives/{row.pk}/").content.decode()
    clock.move_to(submitted_at + dt.timedelta(hours=48, minutes=1))
    assert validations.flag_overdue() == 2
    assert f"should have decided by {shown}" in as_(ines).get(f"/incentives/{row.pk}/").content.decode()


@pytest.mark.parametrize(("submitted_at", "_shown"), SWITCHES)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Stockholm", "America/New_York"])
def test_the_rows_are_right_in_every_time_zone_of_a_session(
    submitted_at: dt.datetime, _shown: str, zone: str, partner: Partner, ines: User, rita: User, roland: User
) -> None:
    """A dump is restored, and psql opened, in the server's own zone; PostgreSQL checks what it writes there."""
    clock.move_to(submitted_at)
    waiting = Waiting(partner, ines, rita, roland).submitted("one")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('TimeZone', %s, false)", [zone])
        try:
            cursor.execute("UPDATE profiles_validation SET paying_entity = 'Other' WHERE id = %s", [waiting.pk])
            assert cursor.rowcount == 1
            cursor.execute("SELECT count(*) FROM profiles_validation WHERE due_at - submitted_at = interval '48 hours'")
            assert cursor.fetchone() == (1,)
        finally:
            cursor.execute("SET TIME ZONE 'UTC'")
