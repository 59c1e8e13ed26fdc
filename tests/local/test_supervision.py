"""Whatever way the supervisor ends, nothing that it started is left (with a minimal set of processes)."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from incentives_portal.local.children import LocalError
from incentives_portal.local.demo import Demonstration
from incentives_portal.local.places import CLONE, Places, answers, free_port
from incentives_portal.local.services import AlreadyRunsError, Services, running

# A supervisor of the three services and of a child with a child of its own, which ignores SIGTERM.
SUPERVISOR = """
import sys, time
from pathlib import Path
from incentives_portal.local import demo
from incentives_portal.local.children import Child, Program
from incentives_portal.local.places import Places
from incentives_portal.local.services import Services

import signal
for each in demo._SIGNALS:
    signal.signal(each, demo._stop)
places = Places(Path(sys.argv[1]))
services = Services(places)
stubborn = None
try:
    services.start()
    command = ["sh", "-c", "trap '' TERM; sleep 1001 & sleep 1002"]
    stubborn = Child(Program("stubborn", command, grace=0.5), places.log_of("stubborn"))
    print("up", services.postgres.port, services.redis.port, services.mail.port, stubborn.pid, flush=True)
    time.sleep(1000)
except demo.Stopped:
    pass
finally:
    if stubborn:
        stubborn.stop()
    services.stop()
"""

Start = Callable[..., "Supervised"]


class Supervised:
    def __init__(self, root: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR, str(root)], cwd=CLONE, env=environment, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        word, *numbers = self.process.stdout.readline().split() or ["down"]
        assert word == "up"
        *self.ports, self.group = map(int, numbers)

    def end(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        self.process.wait(30)
        assert self.process.stdout
        self.process.stdout.close()

    def is_gone(self) -> bool:
        return not any(answers(port) for port in self.ports) and not _group_lives(self.group)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _within(seconds: float, true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("var")


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Supervised] = []

    def begin(root: Path) -> Supervised:
        started.append(Supervised(root))
        return started[-1]

    yield begin
    for each in started:
        if each.process.poll() is None:
            each.end(signal.SIGTERM)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left(start: Start, root: Path, number: signal.Signals) -> None:
    supervised = start(root)
    supervised.end(number)
    assert _within(15, supervised.is_gone)


def test_a_second_start_finds_the_data_even_after_a_kill(start: Start, root: Path) -> None:
    supervised = start(root)
    _sql(root, supervised.ports[0], "CREATE TABLE kept AS SELECT 42 AS answer")
    supervised.end(signal.SIGKILL)
    again = start(root)  # at once, while the first one's services are still leaving
    assert _sql(root, again.ports[0], "SELECT answer FROM kept") == 42


def test_two_clones_run_side_by_side(start: Start, root: Path, tmp_path: Path) -> None:
    one, other = start(root), start(tmp_path)
    assert len({*one.ports, *other.ports}) == 6
    _sql(root, one.ports[0], "CREATE TABLE mine AS SELECT 1")
    assert _sql(tmp_path, other.ports[0], "SELECT count(*) FROM pg_tables WHERE tablename = 'mine'") == 0


def test_one_clone_is_not_served_twice(start: Start, root: Path) -> None:
    assert running(Places(root)) is None
    start(root)
    assert running(Places(root)) is not None
    with pytest.raises(AlreadyRunsError):
        Services(Places(root)).start()


def test_a_taken_port_is_named_before_anything_starts(root: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LocalError, match=f"Port {port} is taken. Choose another: make demo PORT={port + 1}"):
            Demonstration(Places(root), port=port).run()
    assert not (root / "postgres").exists()


@pytest.mark.parametrize("port", ["http", "80", "70000", "٨٠٠٠"])
def test_what_is_no_port_is_named(port: str) -> None:
    command = [sys.executable, "-m", "incentives_portal.local.demo"]
    done = subprocess.run(command, cwd=CLONE, env=os.environ | {"PORT": port}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"PORT={port} is no port; choose a number from 1024 to 65535.\n"


def test_free_ports_are_free() -> None:
    assert not answers(free_port())


def _sql(root: Path, port: int, statement: str) -> int | None:
    import psycopg

    password = (root / "postgres.password").read_text()
    with psycopg.connect(f"postgresql://postgres:{password}@127.0.0.1:{port}/portal") as connection:
        done = connection.execute(statement)  # type: ignore[arg-type]
        return done.fetchone()[0] if done.description else None  # type: ignore[index]
