"""A provider on loopback that answers as badly as it is told to."""

import gzip
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GOOD = [{"code": "number_valid", "outcome": "passed", "field": "iban"}]


@dataclass
class FakeProvider:
    """`ways` holds how the next requests are answered, the last way for all that follow; `asked` what came in."""

    ways: list[str] = field(default_factory=lambda: ["ok"])
    results: list[dict[str, Any]] = field(default_factory=lambda: list(GOOD))
    asked: list[dict[str, Any]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    # Runs while a question is under way.
    meanwhile: Any = None
    url: str = ""

    def way(self) -> str:
        return self.ways.pop(0) if len(self.ways) > 1 else self.ways[0]


class Handler(BaseHTTPRequestHandler):
    provider: FakeProvider

    def do_POST(self) -> None:
        provider = self.provider
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        provider.asked.append(question)
        provider.lines.append(self.requestline)
        provider.keys.append(self.headers["Idempotency-Key"])
        provider.tokens.append(self.headers["Authorization"] or "")
        if provider.meanwhile:
            provider.meanwhile()
        getattr(self, provider.way())(question)

    def send(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def ok(self, question: dict[str, Any]) -> None:
        self.send(json.dumps({"validation": question["validation"], "results": self.provider.results}).encode())

    def slow(self, question: dict[str, Any]) -> None:
        time.sleep(1)
        self.ok(question)

    def trickle(self, question: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.05)

    def reset(self, question: dict[str, Any]) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def truncated(self, question: dict[str, Any]) -> None:
        """Hangs up in the middle of a body that would have been right."""
        body = json.dumps({"validation": question["validation"], "results": self.provider.results}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:-10])
        self.close_connection = True

    def error_503(self, question: dict[str, Any]) -> None:
        self.send(b"later", 503, Retry_After="86400")

    def error_500(self, question: dict[str, Any]) -> None:
        self.send(b"boom " + json.dumps(question).encode(), 500)

    def busy(self, question: dict[str, Any]) -> None:
        self.send(b"", 429)

    def refused(self, question: dict[str, Any]) -> None:
        self.send(b"no", 403)

    def redirect(self, question: dict[str, Any]) -> None:
        self.send(b"", 307, Location=f"{self.provider.url}/elsewhere")

    def malformed(self, question: dict[str, Any]) -> None:
        self.send(b'{"validation": ')

    def not_text(self, question: dict[str, Any]) -> None:
        self.send(b"\xff\xfe\x00" + json.dumps({"validation": question["validation"], "results": GOOD}).encode("utf-16"))

    def compressed(self, question: dict[str, Any]) -> None:
        """A megabyte of nothing in a kilobyte."""
        self.send(gzip.compress(b" " * 1_000_000), Content_Encoding="gzip")

    def endless_headers(self, question: dict[str, Any]) -> None:
        self.send_response(200)
        for number in range(5_000):
            self.send_header(f"X-{number}", "x" * 100)
        self.end_headers()

    def deep(self, question: dict[str, Any]) -> None:
        self.send(b"[" * 60_000)

    def huge(self, question: dict[str, Any]) -> None:
        self.send(b" " * 5_000_000)

    def wrong_types(self, question: dict[str, Any]) -> None:
        self.send(json.dumps({"validation": question["validation"], "results": {"code": 1}}).encode())

    def wrong_result(self, question: dict[str, Any]) -> None:
        self.send(json.dumps({"validation": question["validation"], "results": [{"code": 1, "outcome": []}]}).encode())

    def nothing(self, question: dict[str, Any]) -> None:
        self.send(json.dumps({"validation": question["validation"], "results": []}).encode())

    def about_another(self, question: dict[str, Any]) -> None:
        self.send(json.dumps({"validation": "another", "results": GOOD}).encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up on a provider that is too slow is no error of this server's."""


@contextmanager
def serving() -> Iterator[FakeProvider]:
    """A provider that listens until the end of the block."""
    provider = FakeProvider()
    server = Server(("127.0.0.1", 0), type("Bound", (Handler,), {"provider": provider}))
    provider.url = f"http://127.0.0.1:{server.server_address[1]}/validations"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
