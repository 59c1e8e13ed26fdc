"""The audit log as one chain: whatever its owner does to it behind the portal's back, `check_audit` says so (rule OPS-3)."""

import base64
import datetime as dt
import io
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from accounts.models import Partner
from incentives_portal.core import audit, clock, health, locks, request_ids
from incentives_portal.core.chain import digests, sealing
from incentives_portal.core.models import AuditEntry, AuditKey, AuditPending, AuditSeal, Run
from tests.side_by_side import at_once

pytestmark = pytest.mark.rule("OPS-3")
INSERT_MANY = """
INSERT INTO core_auditentry (actor_kind, actor_name, act, object_type, object_id, object_name, after, request_id)
SELECT 'system', 'portal', 'test', 'core.run', n::text, '', jsonb_build_object('n', n, 'x', 1.10), gen_random_uuid()
FROM generate_series(1, %s) n
"""


def write(count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(INSERT_MANY, [count])


def as_owner(*statements: str, past_the_triggers: bool = True) -> None:
    """What the owner of the database can do, who can switch the triggers off, too."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_user)")
        (role,) = cursor.fetchone()
        cursor.execute("SET LOCAL ROLE NONE")
        if past_the_triggers:
            cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute(f"SET LOCAL ROLE {role}")


def check(*arguments: str) -> dict[str, Any]:
    said = io.StringIO()
    try:
        call_command("check_audit", "--json", *arguments, stdout=said)
    except CommandError as complaint:
        assert str(complaint).startswith("The audit log is not whole.")  # noqa: PT017
        assert json.loads(said.getvalue())["whole"] is False
    return json.loads(said.getvalue())  # type: ignore[no-any-return]


def found(*arguments: str) -> dict[str, int]:
    return {kind: finding["count"] for kind, finding in check(*arguments)["findings"].items()}


@pytest.fixture
def entries(db: None) -> list[int]:
    """Ten entries, sealed in two goes."""
    write(6)
    sealing.seal()
    write(4)
    sealing.seal()
    return list(AuditEntry.objects.order_by("pk").values_list("pk", flat=True))


def test_every_entry_has_a_place_without_gaps_and_nothing_waits(entries: list[int]) -> None:
    assert list(AuditSeal.objects.order_by("pk").values_list("sequence", "entry_id")) == list(enumerate(entries, 1))
    assert not AuditPending.objects.exists()
    result = check()
    assert result["whole"] is True
    assert result["head"] == str(sealing.head())
    assert result["entries"] == 10


def test_an_empty_log_is_whole(db: None) -> None:
    assert check()["whole"] is True


def test_the_digest_is_over_every_column() -> None:
    assert {field.column for field in AuditEntry._meta.concrete_fields} == set(digests.COLUMNS)


OTHER_KEY = "new:" + base64.b64encode(b"k" * 32).decode()


def test_without_the_key_no_digest_can_be_computed_and_nothing_is_sealed(entries: list[int], settings: Any) -> None:
    settings.FIELD_KEYS = OTHER_KEY
    write(1)
    assert found() == {"key_gone": 1}
    with pytest.raises(digests.NoKeyError):
        sealing.seal()


@pytest.mark.parametrize("change", ["DELETE FROM core_auditkey", "UPDATE core_auditkey SET key = '\\x00'"])
def test_a_key_that_is_gone_or_altered_is_told_and_never_replaced(entries: list[int], change: str) -> None:
    as_owner(change)
    assert found() == {"key_gone": 1}
    with pytest.raises(digests.NoKeyError):
        sealing.seal()


def test_the_key_is_another_one_when_somebody_makes_a_chain_of_their_own(entries: list[int], settings: Any) -> None:
    as_owner("DELETE FROM core_auditkey")
    digests.make_key()
    assert found() == {"altered": 10}


def test_the_key_survives_a_change_of_the_keys_that_encrypt(entries: list[int], settings: Any) -> None:
    settings.FIELD_KEYS = f"{OTHER_KEY},{settings.FIELD_KEYS}"
    held = AuditKey.objects.get()
    held.key = held.key.reveal()
    held.save()
    settings.FIELD_KEYS = OTHER_KEY
    write(1)
    assert sealing.seal() == 1
    assert found() == {}


@pytest.mark.parametrize("number", [0, 4, 9])
def test_a_row_that_the_owner_removed_is_noticed(entries: list[int], number: int) -> None:
    as_owner(f"DELETE FROM core_auditentry WHERE id = {entries[number]}")
    assert found() == {"removed": 1}


def test_a_row_removed_with_its_seal_is_noticed(entries: list[int]) -> None:
    for table, column in (("core_auditentry", "id"), ("core_auditseal", "entry_id")):
        as_owner(f"DELETE FROM {table} WHERE {column} = {entries[4]}")
    assert found() == {"missing_seal": 1}


def test_a_row_removed_with_its_seal_is_noticed_when_the_places_are_closed_up(entries: list[int]) -> None:
    as_owner(
        f"DELETE FROM core_auditentry WHERE id = {entries[4]}",
        f"DELETE FROM core_auditseal WHERE entry_id = {entries[4]}",
        "UPDATE core_auditseal SET sequence = sequence + 999 WHERE sequence > 5",
        "UPDATE core_auditseal SET sequence = sequence - 1000 WHERE sequence > 999",
    )
    assert "altered" in found()


def test_the_newest_row_removed_with_its_seal_is_noticed_by_an_earlier_head(entries: list[int]) -> None:
    head = check()["head"]
    as_owner(f"DELETE FROM core_auditentry WHERE id = {entries[9]}", f"DELETE FROM core_auditseal WHERE entry_id = {entries[9]}")
    assert found() == {"cut_off": 1}, "the ledger of runs remembers the head of the last good check"
    as_owner("DELETE FROM core_run")
    assert found() == {}, "and without any memory, nobody could tell"
    as_owner("DELETE FROM core_run")
    assert found("--since", head) == {"cut_off": 1}


def test_a_tail_that_is_cut_off_and_grown_anew_is_noticed(entries: list[int]) -> None:
    head = str(sealing.head())
    as_owner(f"DELETE FROM core_auditentry WHERE id > {entries[7]}", f"DELETE FROM core_auditseal WHERE entry_id > {entries[7]}")
    write(5)
    sealing.seal()
    assert found("--since", head) == {"cut_off": 1}
    as_owner("DELETE FROM core_run")
    assert found("--since", str(sealing.head())) == {}


@pytest.mark.parametrize(
    "change",
    [
        "act = 'x'",
        "at = at - interval '1 microsecond'",
        "actor_name = 'Mallory'",
        "actor_id = gen_random_uuid()",
        "partner_id = gen_random_uuid()",
        """after = '{"n": 4, "x": 1.1}'""",
        """before = '{}'""",
        "request_id = gen_random_uuid()",
    ],
)
def test_a_row_that_was_altered_is_noticed(entries: list[int], change: str) -> None:
    as_owner(f"UPDATE core_auditentry SET {change} WHERE id = {entries[3]}")
    result = check()
    assert result["findings"] == {"altered": {"count": 1, "named": [f"entry {entries[3]}, place 4"]}}


def test_an_altered_seal_shows_at_itself_and_at_the_next(entries: list[int]) -> None:
    as_owner("UPDATE core_auditseal SET digest = decode(repeat('00', 32), 'hex') WHERE sequence = 4")
    assert found() == {"altered": 2}


def test_seals_that_changed_places_are_noticed(entries: list[int]) -> None:
    as_owner(
        "UPDATE core_auditseal SET sequence = 99 WHERE sequence = 4",
        "UPDATE core_auditseal SET sequence = 4 WHERE sequence = 5",
        "UPDATE core_auditseal SET sequence = 5 WHERE sequence = 99",
    )
    assert found() == {"altered": 3}


def test_a_row_written_past_the_triggers_is_noticed(entries: list[int]) -> None:
    as_owner(INSERT_MANY.replace("%s", "1"))
    assert found() == {"inserted": 1}


def test_a_row_removed_before_it_was_sealed_is_noticed(entries: list[int]) -> None:
    write(1)
    as_owner("DELETE FROM core_auditentry WHERE id = (SELECT max(id) FROM core_auditentry)")
    assert found() == {"removed_unsealed": 1}
    assert sealing.seal() == 0
    write(1)
    assert sealing.seal() == 1, "and it keeps nobody from being sealed"


def test_what_waits_for_long_is_told(entries: list[int]) -> None:
    write(2)
    assert found() == {}
    assert health.report()["checks"]["audit"]["ok"]
    clock.move(by=dt.timedelta(minutes=20))
    assert found() == {"unsealed_for_long": 2}
    assert not health.report()["checks"]["audit"]["ok"]
    assert found("--minutes", "30") == {}


def test_a_trigger_that_is_switched_off_is_told(entries: list[int]) -> None:
    as_owner("ALTER TABLE core_auditentry DISABLE TRIGGER audit_append_only")
    assert found() == {"unguarded": 1}


def test_a_hundred_findings_are_counted_and_twenty_named(db: None) -> None:
    write(100)
    sealing.seal()
    as_owner("DELETE FROM core_auditentry")
    finding = check()["findings"]["removed"]
    assert finding["count"] == 100
    assert len(finding["named"]) == 20


def test_a_head_that_is_none_is_refused_in_words(db: None) -> None:
    for text in ("", "12", "x:y", "-1:" + "00" * 32, "1:00"):
        with pytest.raises(CommandError, match="SEQUENCE:DIGEST"):
            call_command("check_audit", since=[text])


def test_the_command_says_it_to_people_too(entries: list[int]) -> None:
    said = io.StringIO()
    call_command("check_audit", stdout=said)
    assert f"head: {sealing.head()}" in said.getvalue()
    as_owner(f"DELETE FROM core_auditentry WHERE id = {entries[3]}")
    with pytest.raises(CommandError, match="1 entries were removed after they were sealed"):
        call_command("check_audit", stdout=said)
    assert f"entry {entries[3]}, place 4" in said.getvalue()
    assert Run.objects.filter(command="check_audit", outcome="failed").exists()


def test_each_sealing_logs_the_head(entries: list[int], caplog: pytest.LogCaptureFixture) -> None:
    write(1)
    with caplog.at_level(logging.INFO):
        call_command("seal_audit", stdout=io.StringIO())
    assert str(sealing.head()) in caplog.text


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_auditseal SET sequence = sequence",
        "DELETE FROM core_auditseal",
        "TRUNCATE core_auditseal",
        "UPDATE core_auditpending SET entry_id = entry_id",
        "DELETE FROM core_auditpending",
        "TRUNCATE core_auditpending",
        "DELETE FROM core_auditkey",
        "TRUNCATE core_auditkey",
        # A seal out of its turn, and one for an entry that doesn't wait.
        "INSERT INTO core_auditseal SELECT 99, entry_id, '' FROM core_auditpending",
        "INSERT INTO core_auditseal SELECT 11, 999999999, ''",
    ],
)
@pytest.mark.parametrize("whose", ["the portal's", "the owner's"])
def test_the_database_refuses(entries: list[int], statement: str, whose: str) -> None:
    write(1)
    if whose == "the owner's":
        with pytest.raises(DatabaseError, match="audit"):
            as_owner(statement, past_the_triggers=False)
        return
    with pytest.raises(DatabaseError, match="audit"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_writers_wait_for_nobody_and_nothing_is_left_out() -> None:
    """Entries become visible out of order, some never, while two sealers run."""
    stop = threading.Event()

    def writer() -> None:
        for number in range(30):
            with transaction.atomic():
                write(7)
                time.sleep(0.002 * (number % 5))
                if number % 6 == 5:
                    transaction.set_rollback(True)

    def sealer() -> None:
        while not stop.is_set():
            sealing.seal(chunk=13)

    def writers() -> None:
        try:
            at_once(*[writer] * 4)
        finally:
            stop.set()

    at_once(writers, sealer, sealer)
    sealing.seal()
    assert AuditEntry.objects.count() == AuditSeal.objects.count() == 4 * 25 * 7
    assert sealing.head().sequence == 4 * 25 * 7
    assert check()["whole"]


@pytest.mark.django_db(transaction=True)
def test_a_writer_in_the_middle_keeps_no_sealer_and_is_sealed_later() -> None:
    began, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            write(1)
            began.set()
            go_on.wait(30)

    def quick() -> None:
        began.wait(30)
        write(3)
        assert sealing.seal() == 3
        go_on.set()

    at_once(slow, quick)
    assert sealing.seal() == 1
    places = list(AuditSeal.objects.order_by("sequence").values_list("entry_id", flat=True))
    assert places[-1] < places[0], "the first id came last"
    assert check()["whole"]


@pytest.mark.django_db(transaction=True)
def test_of_two_sealers_one_seals() -> None:
    write(5)
    answers = []

    def second() -> None:
        answers.append(sealing.seal())

    with locks.alone("audit chain") as free:
        assert free
        at_once(second)
    assert answers == [0]
    assert sealing.seal() == 5


@pytest.mark.django_db(transaction=True)
def test_a_sealer_that_is_killed_leaves_a_whole_chain() -> None:
    write(60_000)
    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}"))
    for _ in range(2):
        before = AuditSeal.objects.count()
        process = subprocess.Popen(
            [sys.executable, settings.BASE_DIR / "manage.py", "seal_audit"],
            env=os.environ | {"TESTING": "1", "DATABASE_URL": url},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while AuditSeal.objects.count() == before and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert before < AuditSeal.objects.count() < 60_000, "the kill came too early or too late to prove anything"
    deadline = time.monotonic() + 60
    while AuditPending.objects.exists() and time.monotonic() < deadline:
        sealing.seal()
    assert sealing.head().sequence == 60_000
    assert check()["whole"]


def test_what_one_act_writes_has_one_id(partner: Partner) -> None:
    with request_ids.one_act() as act:
        audit.record("a", partner, by=audit.SYSTEM)
        with request_ids.one_act():
            audit.record("b", partner, by=audit.SYSTEM)
    audit.record("c", partner, by=audit.SYSTEM)
    ids = list(AuditEntry.objects.order_by("pk").values_list("request_id", flat=True))
    assert ids[:2] == [act, act]
    assert ids[2] != act


def test_a_request_says_its_id_and_takes_none_from_outside(client: Any, db: None) -> None:
    first, second = (client.get("/health", headers={"X-Request-ID": "evil\n"}).headers["X-Request-ID"] for _ in range(2))
    assert len(first) == 36
    assert first != second


def test_log_lines_wear_the_id() -> None:
    line = logging.LogRecord("x", logging.INFO, "", 0, "said", None, None)
    request_ids.RequestIdFilter().filter(line)
    assert line.request_id == "-"  # type: ignore[attr-defined]
    with request_ids.one_act() as act:
        request_ids.RequestIdFilter().filter(line)
    assert line.request_id == str(act)  # type: ignore[attr-defined]


def test_a_task_has_an_id_of_its_own(partner: Partner) -> None:
    try:
        seen = set()
        for _ in range(2):
            request_ids.begin_task()
            seen |= {audit.record("x", partner, by=audit.SYSTEM).request_id for _ in range(3)}
    finally:
        request_ids.end_task()
    assert len(seen) == 2
