"""PostgreSQL, Redis and the mail catcher of one clone: started once, shared by its commands, gone with who started them.

Two locks say what is true, since the kernel frees them whatever happens: `owner` is held by the process that started the
services, `data` by everything that may still touch their data (every leash inherits it). `users` is held, shared, by each
command that borrows them, and their owner waits for it before it stops them.
"""

import contextlib
import fcntl
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from .children import Child, LocalError
from .places import Places, answers, is_root
from .postgres import UNSAFE, Postgres
from .redis import Redis
from .smtp import MailCatcher

ADDRESSES = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL")


class AlreadyRunsError(LocalError):
    """The services of this clone have an owner."""


class Services:
    """The three services, owned by this process. Those whose address is `given` already aren't started."""

    def __init__(self, places: Places | None = None, *, given: Mapping[str, str] | None = None, throw_away: bool = False) -> None:
        self.places = places or Places()
        self.throw_away = throw_away
        self.given = {name: given[name] for name in ADDRESSES if given and given.get(name)}
        self.scratch: Path | None = None
        self.environment: dict[str, str] = {}
        self._locks: list[int] = []

    def start(self) -> Self:
        """Starts all three, or none. Raises AlreadyRunsError where they run, LocalError where they can't."""
        self.places.make()
        try:
            self._take_locks()
            self.scratch = self._make_scratch()
            self._start_each()
        except BaseException:
            self.stop()
            raise
        return self

    def _take_locks(self) -> None:
        owner = lock(self.places, "owner", seconds=1)
        if owner is None:
            raise AlreadyRunsError("The local services of this clone already run.")
        self._locks.append(owner)
        # After a kill -9 of the last owner, what it had started may still be leaving.
        data = lock(self.places, "data", seconds=40)
        if data is None:
            raise LocalError(f"Something of an earlier run still holds {self.places.root}; try again in a minute.")
        self._locks.append(data)
        with contextlib.suppress(OSError, ValueError, KeyError):
            shutil.rmtree(json.loads(self.places.record.read_text())["scratch"], ignore_errors=True)
        self.places.record.unlink(missing_ok=True)

    def _make_scratch(self) -> Path:
        """A folder with a path short enough for a socket (107 bytes), readable for the user that PostgreSQL runs as."""
        base = tempfile.gettempdir()
        scratch = Path(tempfile.mkdtemp(prefix="portal-", dir=base if len(base) < 70 else "/tmp"))  # noqa: S108
        if is_root():
            scratch.chmod(0o755)
        return scratch

    def _start_each(self) -> None:
        assert self.scratch
        places, data = self.places, self._locks[1]
        self.postgres = Postgres(
            places.postgres,
            scratch=self.scratch,
            log=places.log_of("postgres"),
            settings=UNSAFE if self.throw_away else (),
            locks=(data,),
        )
        if is_root() and self.postgres.user:
            os.chown(self.scratch, *self.postgres.user)
        self.redis = Redis(places.redis, log=places.log_of("redis"), durable=not self.throw_away, locks=(data,))
        self.mail = MailCatcher(places.mail, log=places.log_of("smtp"), locks=(data,))
        services: tuple[Postgres | Redis | MailCatcher, ...] = (self.postgres, self.redis, self.mail)
        for name, service in zip(ADDRESSES, services, strict=True):
            if name not in self.given:
                service.start()
        self.environment = {"DATABASE_URL": self.postgres.url, "REDIS_URL": self.redis.url, "EMAIL_URL": self.mail.url} | self.given
        if self.postgres.child:
            self.environment["DATABASE_OWNER_URL"] = self.postgres.owner_url
        self.announce(self.environment)

    def announce(self, environment: Mapping[str, str]) -> None:
        """Records what runs and the environment that reaches it, for the other commands of this clone."""
        record = {"owner": os.getpid(), "scratch": str(self.scratch), "ports": self._ports(), "environment": dict(environment)}
        unfinished = self.places.record.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            json.dump(record, file, indent=2)
        unfinished.rename(self.places.record)

    def _ports(self) -> list[int]:
        return [service.port for service in (self.postgres, self.redis, self.mail) if service.child]

    @property
    def children(self) -> list[Child]:
        """What runs, in the order it was started."""
        each = (getattr(self, name, None) for name in ("postgres", "redis", "mail"))
        return [service.child for service in each if service and service.child]

    def wait_for_users(self) -> None:
        """Waits until no other command borrows the services."""
        users = lock(self.places, "users")
        if users is None:
            print("Another command of this clone still uses the local services; waiting for it.", file=sys.stderr)
            users = lock(self.places, "users", seconds=float("inf"))
        if users is not None:
            os.close(users)

    def stop(self) -> None:
        """Stops what was started, in reverse, and leaves no process, socket or lock behind."""
        for child in reversed(self.children):
            child.stop()
        if len(self._locks) == 2:
            self.places.record.unlink(missing_ok=True)
        if self.scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)
        while self._locks:
            os.close(self._locks.pop())


def lock(places: Places, name: str, *, seconds: float = 0, shared: bool = False) -> int | None:
    """The lock's file descriptor, or None where somebody else held it for all of `seconds`. Closing it frees the lock."""
    places.make()
    handle = os.open(places.run / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(handle)
                return None
            time.sleep(0.1)
        else:
            return handle


def running(places: Places) -> dict[str, Any] | None:
    """The record of the services that run for this clone, or None."""
    owner = lock(places, "owner", shared=True)
    if owner is not None:
        os.close(owner)
        return None
    try:
        record: dict[str, Any] = json.loads(places.record.read_text())
    except (OSError, ValueError):
        return None
    return record if all(answers(port) for port in record["ports"]) else None


@contextlib.contextmanager
def borrowed(places: Places | None = None) -> Iterator[tuple[dict[str, str], bool]]:
    """The environment that reaches this clone's services, and whether their database is new.

    Those that run are shared; else they are started here and stopped at the end. Raises LocalError.
    """
    places = places or Places()
    deadline = time.monotonic() + 60
    while True:
        users = lock(places, "users", shared=True)
        if users is not None and (record := running(places)):
            try:
                yield record["environment"], False
            finally:
                os.close(users)
            return
        if users is not None:
            os.close(users)
        try:
            services = Services(places).start()
        except AlreadyRunsError:  # they are just being started, or stopped
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
            continue
        break
    try:
        yield services.environment, services.postgres.is_new
        services.wait_for_users()
    finally:
        services.stop()
