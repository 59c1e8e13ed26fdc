"""kill -9 of `rotate_keys` again and again, while people read and write: no read fails, no write is lost (rule PAY-3).

The ordinary suite takes a small part; `ROTATION=100000 pytest tests/core/test_rotation_killed.py -s` is the whole promise.
"""

import base64
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import pytest
from django.conf import settings as configured
from django.db import connection

from accounts.models import Partner
from incentives_portal.core import keys
from incentives_portal.core.rotation.walk import count
from profiles.models import PayoutProfile, PayoutProfileVersion

MANY = int(os.environ.get("ROTATION", "4000"))
KILLS = 20 if MANY >= 100_000 else 4
CHUNK = 250 if MANY >= 100_000 else 40
READERS, WRITERS = 2, 2
# Of so many rows the first ones, one for each writer, are written to; the others are the command's own work.
WRITTEN = 10
ONE, TWO = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))


@dataclass(slots=True)
class Load:
    """Threads that read and write values on connections of their own, until they are told to stop."""

    ids: list[UUID]
    reads: int = 0
    writes: int = 0
    failed: list[str] = field(default_factory=list)
    written: dict[UUID, str] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    all_know_the_new_key: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        bodies = [self._read] * READERS + [self._write] * WRITERS
        threads = [threading.Thread(target=self._until_told, args=(body, number)) for number, body in enumerate(bodies)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def _until_told(self, body: Any, number: int) -> None:
        chance = random.Random(number)
        try:
            while not self.stop.is_set():
                body(chance, number)
                time.sleep(0.004)
        except Exception as error:
            self.failed.append(f"{body.__name__}: {type(error).__name__}: {error}")
        finally:
            connection.close()

    def _read(self, chance: random.Random, number: int) -> None:
        at = chance.randrange(len(self.ids))
        found = PayoutProfileVersion.objects.get(pk=self.ids[at]).identifiers.reveal()
        self.reads += 1
        if not found.startswith(f"account {at} "):
            self.failed.append(f"read {found} at {at}")

    def _write(self, chance: random.Random, number: int) -> None:
        # Each writer has rows of its own, so that the last text written is known.
        at = chance.randrange(len(self.ids) // WRITTEN) * WRITTEN + number % WRITERS
        text = f"account {at} edited {self.writes}"
        version = PayoutProfileVersion.objects.get(pk=self.ids[at])
        if number % WRITERS == 0 and not self.all_know_the_new_key.is_set():
            # A process that has not been told yet that the new key is the first: it writes under the old one.
            stale = keys._ring_of(f"k1:{ONE},k2:{TWO}", "FIELD_KEYS").ciphers["k1"]
            place = f"profiles_payoutprofileversion/identifiers/{version.pk}"
            stored = b"k1|" + (nonce := os.urandom(12)) + stale.encrypt(nonce, text.encode(), place.encode())
            PayoutProfileVersion.objects.filter(pk=version.pk).update(identifiers=stored)
        else:
            version.identifiers = text
            version.save(update_fields=["identifiers"])
        self.written[version.pk] = text
        self.writes += 1


def command(ring: Path, *arguments: str) -> "subprocess.Popen[str]":
    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}"))
    return subprocess.Popen(
        [sys.executable, configured.BASE_DIR / "manage.py", "rotate_keys", "--json", f"--chunk={CHUNK}", *arguments],
        env=os.environ | {"TESTING": "1", "DATABASE_URL": url, "FIELD_KEYS_FILE": str(ring)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def under_the_new_key() -> int:
    """What the command alone has done."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM profiles_payoutprofileversion"
            " WHERE substring(identifiers FROM 1 FOR 3) = %s AND (number - 1) %% %s >= %s",
            [b"k2|", WRITTEN, WRITERS],
        )
        return int(cursor.fetchone()[0])


def kill_somewhere(ring: Path, chance: random.Random) -> tuple[int, int]:
    """Starts the command and kills it at a random moment of its work; how many values were under the new key before and after."""
    before = under_the_new_key()
    process = command(ring)
    try:
        while under_the_new_key() == before and process.poll() is None:
            time.sleep(0.01)
        time.sleep(chance.random() * MANY / 150_000)
    finally:
        process.send_signal(signal.SIGKILL)
        _out, err = process.communicate()
    assert process.returncode == -signal.SIGKILL, err
    return before, under_the_new_key()


@pytest.fixture
def ring(tmp_path: Path, settings: Any) -> Path:
    path = tmp_path / "field_keys"
    path.write_text(f"k1:{ONE}\n")
    settings.FIELD_KEYS, settings.FIELD_KEYS_FILE = "", str(path)
    return path


def fill(partner: Partner) -> list[UUID]:
    """Values under the old key, in the order of their numbers."""
    profile = PayoutProfile.objects.create(partner=partner, name="Rotated")
    ids = []
    for part in _batches(5000):
        made = PayoutProfileVersion.objects.bulk_create(
            PayoutProfileVersion(
                profile=profile,
                number=number + 1,
                payment_method="bank_transfer",
                bank_country="SE",
                account_holder="Norrsken Data AB",
                identifiers=f"account {number} as typed",
                fingerprint=b"x" * 32,
            )
            for number in part
        )
        ids += [version.pk for version in made]
    return ids


def _batches(size: int) -> Iterator[range]:
    return (range(start, min(start + size, MANY)) for start in range(0, MANY, size))


@pytest.mark.django_db(transaction=True)
@pytest.mark.rule("PAY-3")
@pytest.mark.rule("OPS-1")
def test_no_kill_fails_a_read_or_loses_a_write(partner: Partner, ring: Path, tmp_path: Path) -> None:
    ids = fill(partner)
    ring.write_text(f"k2:{TWO}\nk1:{ONE}\n")
    began, chance, load = time.monotonic(), random.Random(), Load(ids)
    with load.running():
        marks = [kill_somewhere(ring, chance) for _ in range(KILLS)]
        assert all(after > before for before, after in marks), "a kill came before any work"
        load.all_know_the_new_key.set()
        ends = finish(ring)
    seconds = time.monotonic() - began
    assert load.failed == []
    assert load.reads > KILLS and load.writes > KILLS
    assert count().by_key == {"k2": MANY}
    assert ends["keys_removable"] == ["k1"]
    before = list(PayoutProfileVersion.objects.order_by("pk").values_list("pk", "identifiers"))
    assert finish(ring)["rewritten"] == 0
    assert list(PayoutProfileVersion.objects.order_by("pk").values_list("pk", "identifiers")) == before
    ring.write_text(f"k2:{TWO}\n")
    expected = {pk: f"account {at} as typed" for at, pk in enumerate(ids)} | load.written
    found = {version.pk: version.identifiers.reveal() for version in PayoutProfileVersion.objects.iterator()}
    assert found == expected
    print(
        f"\n{MANY} values, {len(marks)} kills in {seconds:.0f} s; {load.reads} reads and {load.writes} writes meanwhile, 0 failed;"
        f" under the new key after each kill: {[after for _before, after in marks]}"
    )


def finish(ring: Path) -> dict[str, Any]:
    """Runs the command to its end; PostgreSQL takes a moment to see that a killed one is gone."""
    for _ in range(20):
        process = command(ring)
        out, err = process.communicate()
        if "another run at this moment" not in err:
            assert process.returncode == 0, err
            return dict(json.loads(out))
        time.sleep(0.2)
    raise AssertionError("the lock of a killed run was never freed")
