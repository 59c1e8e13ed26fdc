"""A real name server for the tests: UDP on loopback, in a thread."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class NameServer:
    """Answers TXT questions from `texts`; `silent`, it answers none."""

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self.texts: dict[str, list[str]] = {}
        self.silent = False

    def answer(self, question: bytes) -> bytes | None:
        if self.silent:
            return None
        asked = dns.message.from_wire(question)
        said = dns.message.make_response(asked)
        said.flags |= dns.flags.AA | dns.flags.RA
        name = asked.question[0].name
        texts = self.texts.get(str(name).rstrip(".").lower())
        if texts is None:
            said.set_rcode(dns.rcode.NXDOMAIN)
        elif texts:
            said.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *(f'"{text}"' for text in texts)))
        return said.to_wire()


@contextmanager
def running() -> Iterator[NameServer]:
    """A name server, and its address for the setting DNS_SERVERS."""
    door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    door.bind(("127.0.0.1", 0))
    door.settimeout(0.05)
    server, stop = NameServer(door.getsockname()[1]), threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                question, asker = door.recvfrom(4096)
            except TimeoutError:
                continue
            answer = server.answer(question)
            if answer:
                door.sendto(answer, asker)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        stop.set()
        thread.join()
        door.close()
