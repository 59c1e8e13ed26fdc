"""A real SMTP server that delivers to nobody: every mail becomes a file, to be read in the demonstration's mailbox.

python -m incentives_portal.local.smtp PORT FOLDER
"""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

from .children import Child, LocalError, Program, wait_until
from .places import CLONE, answers, free_port

_ATTEMPTS = 3


class MailCatcher:
    """The server as a child process. Files are named `<nanoseconds>-<process>-<number>.eml`, so names sort by arrival."""

    def __init__(self, folder: Path, *, log: Path, locks: tuple[int, ...] = ()) -> None:
        self.folder, self.log, self.locks = folder, log, locks
        self.port = 0
        self.child: Child | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts the server. Raises LocalError."""
        for _ in range(_ATTEMPTS):
            self.port = free_port()
            self.child = Child(self.program(), self.log)
            if wait_until(lambda: answers(self.port), self.child, seconds=30):
                return
            self.child.stop()
        raise LocalError(f"The mail catcher did not start; see {self.log}")

    def program(self) -> Program:
        command = [sys.executable, "-m", "incentives_portal.local.smtp", str(self.port), str(self.folder)]
        return Program(name="smtp", command=command, folder=CLONE, locks=self.locks)


class _Keeper:
    """What aiosmtpd asks about each mail: the recipients are welcome, and the mail is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.count += 1
        name = f"{time.time_ns()}-{os.getpid()}-{self.count:06}.eml"
        recipients = ", ".join(envelope.rcpt_tos)
        unfinished = self.folder / f".{name}"
        unfinished.write_bytes(f"X-Envelope-To: {recipients}\r\n".encode() + envelope.original_content)
        unfinished.rename(self.folder / name)  # a reader never sees half a mail
        return "250 Kept"


async def _serve(port: int, folder: Path) -> None:
    from aiosmtpd.smtp import SMTP

    keeper = _Keeper(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(keeper, hostname="localhost", enable_SMTPUTF8=True, data_size_limit=50_000_000), "127.0.0.1", port
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2])))
