"""Child processes that never outlive us, whatever way we end."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LEASH = Path(__file__).with_name("leash.py")


class LocalError(Exception):
    """Something on this machine keeps the portal from running; the message says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Program:
    """A command to keep running, and how it is stopped."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] | None = None
    folder: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    user: tuple[int, int] | None = None  # numbers of user and group to run as; None: our own
    scratch: Path | None = None  # a folder that is removed with it where we could not, after kill -9
    locks: tuple[int, ...] = field(default=())  # file descriptors of locks to hold for as long as it lives


class Child:
    """A program on its leash (see `leash`). `pid` is the program's own process id."""

    def __init__(self, program: Program, log: Path) -> None:
        self.program, self.log = program, log
        self.restart()

    def restart(self) -> None:
        """Starts the program, again where it ran before. Raises LocalError where it can't be run at all."""
        program = self.program
        with self.log.open("ab") as output:
            self._leash = subprocess.Popen(
                [sys.executable, "-I", "-S", str(LEASH), *self._terms(), *program.command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                env=None if program.environment is None else dict(program.environment),
                cwd=program.folder,
                start_new_session=True,
                pass_fds=program.locks,
            )
        assert self._leash.stdout
        with self._leash.stdout as report:
            self.pid = int(report.readline().strip() or 0)
        if not self.pid:
            self.stop()
            raise LocalError(f"{program.name} could not be started; see {self.log}")

    def _terms(self) -> list[str]:
        user, group = self.program.user or ("-", "-")
        return [self.program.stop_signal.name, str(self.program.grace), str(user), str(group), str(self.program.scratch or "-")]

    @property
    def alive(self) -> bool:
        return self._leash.poll() is None

    def wait(self) -> int:
        """Waits for the program to end by itself. Returns its exit code."""
        return self._leash.wait()

    def let_go(self) -> None:
        """Tells the program to stop, without waiting for it."""
        assert self._leash.stdin
        with contextlib.suppress(OSError, ValueError):
            self._leash.stdin.write(b"goodbye")
            self._leash.stdin.flush()
        with contextlib.suppress(OSError):
            self._leash.stdin.close()

    def stop(self) -> None:
        """Stops the program and waits until nothing of it is left."""
        self.let_go()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._leash.wait(self.program.grace + 5)
        self._leash.kill()
        self._leash.wait()
        # Only where the leash was killed from outside: it ends the group itself otherwise.
        if self._leash.returncode < 0 and self.pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)


def wait_until(ready: Callable[[], bool], child: Child, *, seconds: float) -> bool:
    """Whether `ready()` came true before the child died or the time was up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return True
        if not child.alive:
            return False
        time.sleep(0.02)
    return False
