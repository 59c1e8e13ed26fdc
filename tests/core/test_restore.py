"""A dump, a wiped database, a restore: with the keys beside it everything is there and reads (rules PAY-3, OPS-1)."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as configured
from django.core.management.utils import get_random_secret_key

from accounts.models import Directory, Location, User
from incentives_portal.core.outbox import send_due
from tests import dumps
from tests import factories as make
from tests.enrollment import journeys

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rule("PAY-3"), pytest.mark.rule("OPS-1")]
KEYS, STRANGER = (f"k1:{base64.b64encode(bytes([number]) * 32).decode()}" for number in (1, 2))
FRESH = "restored"

# By name and kind: PostgreSQL spells the same condition in other words once it has been through a dump.
CONSTRAINTS = """SELECT c.conrelid::regclass::text, c.conname, c.contype::text, c.convalidated FROM pg_constraint c
  JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname = 'public' ORDER BY 1, 2"""
TRIGGERS = (
    "SELECT tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2"
)
INDEXES = "SELECT tablename, indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"


def everything(database: str = "") -> dict[str, Any]:
    """The shape and every row of a database."""
    with psycopg.connect(dumps.address(database), autocommit=True) as there:
        found: dict[str, Any] = {name: there.execute(name).fetchall() for name in (CONSTRAINTS, TRIGGERS, INDEXES, SEQUENCES)}
        for (table,) in there.execute(TABLES).fetchall():
            found[table] = there.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1').fetchall()
    return found


@pytest.fixture
def fresh(transactional_db: None) -> Iterator[str]:
    """An empty database on the same server."""
    with psycopg.connect(dumps.address(), autocommit=True) as there:
        there.execute(f"DROP DATABASE IF EXISTS {FRESH} WITH (FORCE)")
        there.execute(f"CREATE DATABASE {FRESH} TEMPLATE template0")
    yield FRESH
    with psycopg.connect(dumps.address(), autocommit=True) as there:
        there.execute(f"DROP DATABASE {FRESH} WITH (FORCE)")


def manage(*arguments: str, keys: str = KEYS) -> tuple[int, dict[str, Any]]:
    """A command on the restored database: as another machine has it, with nothing but the dump and the keys."""
    environment = os.environ | {
        "DATABASE_URL": dumps.address(FRESH),
        "FIELD_KEYS": keys,
        "SECRET_KEY": get_random_secret_key(),
        "TESTING": "1",
    }
    done = subprocess.run(
        [sys.executable, configured.BASE_DIR / "manage.py", *arguments, "--json"], env=environment, capture_output=True, check=False
    )
    assert done.stdout, done.stderr.decode()
    return done.returncode, json.loads(done.stdout)


def test_what_was_dumped_is_restored_and_read_with_the_keys_alone(
    fresh: str, tmp_path: Path, settings: Any, location: Location, second_location: Location, ines: User, rita: User
) -> None:
    settings.FIELD_KEYS = KEYS
    make.give_role(ines, location.partner, make.INCENTIVES_USER)
    program = make.ProgramFactory.create()
    journeys.enrolled(program, location, ines, rita)
    journeys.submitted(make.ProgramFactory.create(), location, ines)
    Directory.objects.create(partner=location.partner, client_secret="a client's secret")
    send_due(limit=1)
    before = everything()
    file = tmp_path / "portal.dump"
    dumps.run("pg_dump", "--format=custom", f"--file={file}")
    dumps.run("pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", str(file), database=fresh)
    assert everything(fresh) == before
    assert all(validated for *_, validated in before[CONSTRAINTS])

    status, found = manage("rotate_keys", "--check")
    assert (status, found["unreadable"], found["by_key"]) == (0, 0, {"k1": 5})
    status, found = manage("check_statuses")
    assert (status, found["differences"]) == (0, 0)
    assert found["checked"] > 0
    status, found = manage("rotate_keys", "--check", keys=STRANGER)
    assert (status, found["unreadable"]) == (3, 5), "without the keys a dump tells nothing"
