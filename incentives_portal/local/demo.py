"""`make demo`: everything the portal consists of, under one supervisor, on data that stays in `var/`.

Ctrl-C and SIGTERM end it in order; after kill -9 of it, or of the `make` that started it, the leashes end everything.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict, deque
from pathlib import Path
from types import FrameType

from . import processes
from .children import Child, LocalError, Program
from .places import CLONE, Places, is_free
from .services import AlreadyRunsError, Services, running

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_MOST_RESTARTS, _WITHIN_SECONDS = 5, 60


class Stopped(BaseException):
    """Somebody asked us to end. Raised once: what stops the children must not be interrupted."""


def main() -> int:
    for each in _SIGNALS:
        signal.signal(each, _stop)
    try:
        Demonstration(Places(), port=_port(os.environ.get("PORT", ""))).run()
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped:
        return 0
    return 0


def _stop(number: int, frame: FrameType | None) -> None:
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Stopped


def _port(text: str) -> int:
    if not text:
        return 8000
    if not (text.isascii() and text.isdigit() and 1024 <= int(text) <= 65535):
        raise LocalError(f"PORT={text} is no port; choose a number from 1024 to 65535.")
    return int(text)


class Demonstration:
    """The services, what prepares them, and the processes of the portal."""

    def __init__(self, places: Places, *, port: int) -> None:
        self.places, self.port = places, port
        self.url = f"http://127.0.0.1:{port}"
        self.services = Services(places, given=os.environ)
        self.portal: list[Child] = []
        self.parent = os.getppid()
        # For each program by itself: when Redis ends, beat and worker may follow it, and that is one mishap.
        self._restarts: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_MOST_RESTARTS))

    def run(self) -> None:
        """Runs until somebody stops it. Raises LocalError."""
        try:
            self._start()
            signs = self._answer("demo_prepare", "--signs")
            self._wait_for_web(self.portal[0])
            self._show_signs(signs)
            self._keep()
        finally:
            if self.services.children:
                print("Stopping ...", flush=True)
            for child in self.portal:
                child.let_go()
            for child in reversed(self.portal):
                child.stop()
            self.services.stop()

    def _start(self) -> None:
        self._refuse_twice()
        if not is_free(self.port):
            raise LocalError(f"Port {self.port} is taken. Choose another: make demo PORT={self.port + 1}")
        print("Starting PostgreSQL, Redis and the mail catcher ...", flush=True)
        try:
            self.services.start()
        except AlreadyRunsError:
            raise LocalError("Another command of this clone is using its local services; wait for it to end.") from None
        self.environment = self._environment()
        self.services.announce(self.environment)
        print("Preparing the database ...", flush=True)
        self._manage(*processes.MIGRATE[2:])
        self._manage("collectstatic", "--noinput")
        self._manage("demo_prepare")
        print("Starting web server, worker and beat ...", flush=True)
        self.portal = [
            self._child("web", processes.web(f"127.0.0.1:{self.port}")),
            self._child("worker", processes.WORKER),
            self._child("beat", processes.BEAT),
        ]

    def _refuse_twice(self) -> None:
        record = running(self.places)
        if record and "DEMO" in record["environment"]:
            where = record["environment"]["PORTAL_URL"]
            raise LocalError(
                f"The demonstration of this clone already runs on {where} (process {record['owner']}); stop it there with Ctrl-C."
            )

    def _environment(self) -> dict[str, str]:
        """What every process of the demonstration gets: the caller's own settings, and what makes it a demonstration."""
        return {
            **self.services.environment,
            "DEMO": "1",
            "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1]",
            "PORTAL_URL": self.url,
            "MAIL_CATCHER_FOLDER": str(self.places.mail),
        }

    def _program(self, name: str, command: tuple[str, ...], grace: float) -> Program:
        inherited = {
            key: value for key, value in os.environ.items() if key not in {"DEBUG", "TESTING", "HTTPS", "CSRF_TRUSTED_ORIGINS"}
        }
        environment = {**inherited, "PYTHONUNBUFFERED": "1", **self.environment}
        if command != processes.MIGRATE:
            environment.pop("DATABASE_OWNER_URL", None)  # as in production, what people reach can't become the tables' owner
        return Program(name, processes.here(command), environment, CLONE, grace=grace)

    def _child(self, name: str, command: tuple[str, ...], grace: float = 10) -> Child:
        return Child(self._program(name, command, grace), self.places.log_of(name))

    def _manage(self, *command: str) -> None:
        """Runs a management command to its end. Raises LocalError with the end of its log."""
        log = self.places.log_of("prepare")
        child = self._child("prepare", ("python", "manage.py", *command), grace=2)
        if child.wait():
            raise LocalError(f"`manage.py {command[0]}` failed:\n{_end_of(log)}\nAll of it: {log}")

    def _answer(self, *command: str) -> str:
        """What a management command that reads only prints; nothing where it fails."""
        program = self._program("answer", ("python", "manage.py", *command), grace=2)
        return subprocess.run(
            program.command, env=program.environment, cwd=CLONE, text=True, capture_output=True, check=False
        ).stdout

    def _wait_for_web(self, web: Child) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and web.alive:
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=5):  # noqa: S310
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise LocalError(f"The web server does not answer:\n{_end_of(web.log)}\nAll of it: {web.log}")

    def _show_signs(self, signs: str) -> None:
        """Says that it runs, then what the demonstration itself wants to be known: who to sign in as, what to try."""
        print(f"ready: {self.url}\n\n{signs}", flush=True)
        print(f"Logs are in {self.places.log}. Ctrl-C stops everything; the data stay until `make demo-reset`.", flush=True)

    def _keep(self) -> None:
        """Starts again what ends by itself, until it does so too often."""
        while os.getppid() == self.parent:
            for child in [*self.services.children, *self.portal]:
                if not child.alive:
                    self._restart(child)
            time.sleep(0.5)

    def _restart(self, child: Child) -> None:
        now, restarts = time.monotonic(), self._restarts[child.program.name]
        if len(restarts) == _MOST_RESTARTS and now - restarts[0] < _WITHIN_SECONDS:
            raise LocalError(f"{child.program.name} keeps ending:\n{_end_of(child.log)}\nAll of it: {child.log}")
        restarts.append(now)
        print(f"{child.program.name} ended unexpectedly and is started again; its log is {child.log}", flush=True)
        time.sleep(1)  # what it left behind may need a moment to go
        child.restart()


def _end_of(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


if __name__ == "__main__":
    sys.exit(main())
