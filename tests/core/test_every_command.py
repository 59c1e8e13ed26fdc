"""Every management command of the portal, discovered from the code, whatever is done to it (rule OPS-1)."""

import io
import os
import signal
import subprocess
import sys
import time
import zlib
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, ManagementUtility, call_command, get_commands, load_command_class
from django.db import connection
from django.utils import timezone, translation
from django.utils.translation import gettext

from incentives_portal.core import commands
from incentives_portal.core.catalogue import FOLDERS
from incentives_portal.core.commands import PortalCommand, UnderWayError
from incentives_portal.core.models import Run

pytestmark = pytest.mark.rule("OPS-1")

OWN = {config.name for config in apps.get_app_configs() if config.name.partition(".")[0] in FOLDERS}
COMMANDS = {name: app for name, app in get_commands().items() if app in OWN}
# What a command can't do without.
ARGUMENTS: dict[str, list[str]] = {
    "approve_rollover": ["0199d0c0-0000-7000-8000-000000000000", "--yes"],
    "apply_rollover": ["FY20"],
    "check_identifiers": ["-"],
    "create_operator": ["who@operator.example", "--role", "reviewer"],
    "create_scim_token": ["4100000"],
    "import_feed": [str(Path(settings.BASE_DIR) / "incentives_portal" / "demo" / "feed")],
    "plan_rollover": ["FY20"],
}
# Those that work for minutes where there is much to do: stopped in the middle below, as real processes.
LONG = (
    "apply_rollover",
    "check_audit",
    "check_statuses",
    "evaluate_eligibility",
    "import_feed",
    "invite",
    "plan_rollover",
    "rotate_keys",
    "run_validations",
    "send_mail",
)
WRITE_MUCH = ("import_feed", "rotate_keys", "run_validations", "send_mail")


def typed(name: str, *arguments: str) -> tuple[int, str, str]:
    """Runs a command as the terminal does: exit code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            ManagementUtility(["manage.py", name, *arguments]).execute()
        except SystemExit as end:
            code = int(end.code or 0)
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_it_explains_itself(name: str) -> None:
    code, out, err = typed(name, "--help")
    assert code == 0 and not err
    assert "usage: manage.py" in out and name in out
    assert load_command_class(COMMANDS[name], name).help.strip()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_it_says_which_argument_is_wrong(name: str) -> None:
    code, out, err = typed(name, *ARGUMENTS.get(name, []), "--no-such-option")
    assert (code, out) == (2, "")
    assert "--no-such-option" in err and "Traceback" not in err


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"migrate"}))
def test_it_stands_in_the_frame(name: str) -> None:
    command = load_command_class(COMMANDS[name], name)
    assert isinstance(command, PortalCommand)
    assert "--json" in command.create_parser("manage.py", name).format_help()


@pytest.mark.parametrize("name", WRITE_MUCH)
def test_what_writes_much_can_be_tried_first(name: str) -> None:
    assert "--dry-run" in load_command_class(COMMANDS[name], name).create_parser("manage.py", name).format_help()


@pytest.fixture
def another_session(transactional_db: None) -> Any:
    """A second connection to the tests' database, as its owner."""
    with psycopg.connect(_url("DATABASE_OWNER_URL"), autocommit=True) as session:
        yield session


def _url(variable: str) -> str:
    address = os.environ.get(variable) or os.environ["DATABASE_URL"]
    return urlunsplit(urlsplit(address)._replace(path=f"/{connection.settings_dict['NAME']}"))


EXCLUSIVE = sorted(
    name for name, app in COMMANDS.items() if getattr(load_command_class(app, name), "exclusive", False) and name != "demo_prepare"
)


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.django_db(transaction=True)
def test_a_second_run_is_told_who_runs_the_first(another_session: Any, settings: Any, language: str) -> None:
    settings.COMMAND_LANGUAGE = language
    with translation.override(language):
        sentence = gettext("Another run of %(command)s is under way, started at %(time)s by %(who)s. Wait for it to end.")
    for name in EXCLUSIVE:
        with _held(another_session, f"command {name}"):
            first = Run.objects.create(command=name, started_by="petra")
            first.refresh_from_db()
            code, out, err = _answered(name, *ARGUMENTS.get(name, []))
            assert (code, out) == (commands.UNDER_WAY, ""), (name, err)
            time_of_day = f"{timezone.localtime(first.started_at):%H:%M:%S}"
            assert err == sentence % {"command": name, "time": time_of_day, "who": "petra"}
            turned_away = Run.objects.exclude(pk=first.pk).get(command=name)
            assert turned_away.outcome == Run.Outcome.REFUSED
            assert turned_away.finished_at


def _answered(name: str, *arguments: str) -> tuple[int, str, str]:
    out = io.StringIO()
    try:
        call_command(name, *arguments, stdout=out)
    except CommandError as refusal:
        return refusal.returncode, out.getvalue(), str(refusal)
    return 0, out.getvalue(), ""


class _held:  # noqa: N801
    """The lock of `core.locks.alone`, held by another session."""

    def __init__(self, session: Any, name: str) -> None:
        self.session, self.key = session, zlib.crc32(name.encode())

    def __enter__(self) -> None:
        self.session.execute("SELECT pg_advisory_lock(%s)", [self.key])

    def __exit__(self, *args: Any) -> None:
        self.session.execute("SELECT pg_advisory_unlock(%s)", [self.key])


@pytest.mark.django_db(transaction=True)
def test_the_next_run_says_which_one_was_killed() -> None:
    dead = Run.objects.create(command="invite", started_by="petra")
    call_command("invite", stdout=io.StringIO())
    dead.refresh_from_db()
    assert (dead.outcome, dead.result) == ("stopped", {"error": "killed"})


@pytest.mark.django_db(transaction=True)
def test_interrupted_in_the_middle_it_says_so_and_so_does_the_ledger(another_session: Any) -> None:
    """Every long command as a process of its own, stopped by Ctrl-C while it waits for a table; one of them by SIGTERM."""
    with another_session.transaction():
        _lock_everything_but_the_ledger(another_session)
        running = {name: _started(name) for name in LONG}
        _wait_until_all_run(another_session)
        for name, process in running.items():
            process.send_signal(signal.SIGTERM if name == "invite" else signal.SIGINT)
        ended = {name: (*process.communicate(timeout=200), process.returncode) for name, process in running.items()}
    for name, (out, err, code) in ended.items():
        assert code == (143 if name == "invite" else commands.INTERRUPTED), (name, out, err)
        assert out == "" and f"{name} was interrupted." in err and "Traceback" not in err, (name, out, err)
    outcomes = dict(Run.objects.values_list("command", "outcome"))
    assert outcomes == dict.fromkeys(LONG, "stopped")


def _lock_everything_but_the_ledger(session: Any) -> None:
    """Only for reading and writing by others: the tables that commands begin with stay open."""
    open_ones = {"core_run", "core_clock", "django_migrations", "django_content_type", "core_auditkey"}
    tables = session.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename").fetchall()
    for (table,) in tables:
        if table not in open_ones:
            session.execute(f'LOCK TABLE "{table}" IN ACCESS EXCLUSIVE MODE')


def _started(name: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, settings.BASE_DIR / "manage.py", name, *ARGUMENTS.get(name, [])],
        env=os.environ | {"TESTING": "1", "DATABASE_URL": _url("DATABASE_URL")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_until_all_run(session: Any) -> None:
    waiting = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND locktype = 'relation'"
    deadline = time.monotonic() + 400
    while session.execute(waiting).fetchone()[0] < len(LONG):
        assert time.monotonic() < deadline, session.execute(
            "SELECT array_agg(query) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        ).fetchone()
        time.sleep(0.1)


def test_a_database_that_is_away_is_said_in_a_sentence() -> None:
    done = subprocess.run(
        [sys.executable, settings.BASE_DIR / "manage.py", "invite"],
        env=os.environ | {"TESTING": "1", "DATABASE_URL": "postgresql://portal_app@127.0.0.1:1/portal"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == commands.FAILED
    assert done.stderr.strip().endswith("invite failed: the database does not answer, or ended the connection (OperationalError).")
    assert "Traceback" not in done.stderr


def test_an_error_of_the_portals_own_is_said_without_what_it_quotes(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(PortalCommand):
        recorded = exclusive = False
        requires_system_checks: list[str] = []

        def run(self, **options: Any) -> dict[str, Any]:
            raise ValueError("SE4550000000058398257466")

    with pytest.raises(SystemExit) as end:
        Broken().run_from_argv(["manage.py", "broken"])
    err = capsys.readouterr().err
    assert end.value.code == commands.FAILED
    assert "ValueError" in err and "SE45" not in err and "Traceback" not in err
    with pytest.raises(ValueError, match="SE45"):
        Broken().run_from_argv(["manage.py", "broken", "--traceback"])


def test_codes_are_those_of_the_reference() -> None:
    reference = (Path(settings.BASE_DIR) / "docs" / "reference" / "commands.md").read_text()
    for code in (0, commands.FAILED, 2, commands.REFUSED, commands.UNDER_WAY):
        assert f"| {code} | " in reference
    assert UnderWayError("x").returncode == 75
