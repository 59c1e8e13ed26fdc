"""A real SMTP server whose answers the test chooses."""

import asyncio
import email.policy
import logging
import re
import socket
from collections import Counter, defaultdict
from email import message_from_bytes
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


class ScriptedServer:
    """Takes every mail, except where `answers[address]` still holds an answer to give first."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.answers: dict[str, list[str]] = defaultdict(list)
        self.connections = 0
        self._controller: Controller | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.answers[address]:
            answer = self.answers[address].pop(0)
            if answer == "hang up":
                server.transport.close()
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken.append(message_from_bytes(envelope.original_content, policy=email.policy.default))  # type: ignore[arg-type]
        return "250 OK"

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def recipients(self) -> list[str]:
        return [str(mail["To"]) for mail in self.taken]


class CountingServer(ScriptedServer):
    """Remembers of each mail no more than its Message-ID, so that many can be counted. `hang` makes it fall silent."""

    def __init__(self) -> None:
        super().__init__()
        logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd would write every command
        self.times: Counter[str] = Counter()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.answers[address] and self.answers[address][0] == "hang":
            self.answers[address].pop(0)
            await asyncio.sleep(3600)
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        head = bytes(envelope.original_content).partition(b"\r\n\r\n")[0]
        self.times[re.search(rb"(?im)^message-id:\s*(<[^>]+>)", head)[1].decode()] += 1  # type: ignore[index]
        return "250 OK"
