"""Sending what is owed against bare smtplib that sends the same bytes over one connection (rule INV-6).

    python -m bench mail_drain

To aiosmtpd, a real SMTP server in a process of its own, which is the slower side; and to a sink that does nothing but answer,
where the claim and the mark weigh most. By one worker and by two, each against as many bare senders. Mails per second, medians
of rounds taken in turn.
"""

import os
import smtplib
import socket
import socketserver
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.portal import let_go, running

MAILS, ROUNDS = 1000, 3
SENDER = "no-reply@partner-center.example"
BODY = "<p>Norrsken Data AB is invited to enroll Kontor Göteborg in the cloud program. Answer until 30 June.</p>\n" * 40


def measure() -> list[dict[str, Any]]:
    """A line for each server and number of workers."""
    with running() as environment:
        return [
            _line(environment, sink, workers, target) for sink in ("aiosmtpd", "fast") for workers, target in ((1, 0.90), (2, 0.80))
        ]


def _line(environment: dict[str, str], sink: str, workers: int, target: float) -> dict[str, Any]:
    rates: dict[str, list[float]] = {"bare": [], "outbox": []}
    with _sink(sink) as port:
        for number in range(ROUNDS + 1):
            for kind in rates if number % 2 else reversed(rates):
                rate = MAILS / _timed(environment, kind, port, workers)
                if number:  # the first round warms up
                    rates[kind].append(rate)
    ours, bare = (statistics.median(rates[kind]) for kind in ("outbox", "bare"))
    return {
        "name": f"mail drain to {sink}, {workers} worker{'s' * (workers > 1)}",
        "ours": round(ours),
        "reference": round(bare),
        "ratio": round(ours / bare, 3),
        "target": f"≥ {target:.2f}",
        "detail": f"mails/s, {MAILS} of {len(_message()) // 1024} KB, fsync on, {ROUNDS} rounds: "
        + ", ".join(f"{a / b:.2f}" for a, b in zip(rates["outbox"], rates["bare"], strict=True)),
    }


def _timed(environment: dict[str, str], kind: str, port: int, workers: int) -> float:
    """Seconds from the starting shot until the last worker is done."""
    if kind == "outbox":
        owe(MAILS)
    command = [sys.executable, "-m", "bench.mail_drain", kind, str(MAILS // workers)]
    each = os.environ | environment | {"EMAIL_URL": f"smtp://127.0.0.1:{port}"}
    runners = [
        subprocess.Popen(command, env=each, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(workers)
    ]
    begun = let_go(runners)
    for one in runners:
        assert one.stdout and one.stdout.readline() == "done\n"
    taken = time.perf_counter() - begun
    for one in runners:
        one.communicate()
    if kind == "outbox":
        _nothing_is_left()
    return taken


def owe(count: int) -> None:
    """Mails that are owed, rendered and composed, as `owe_all` stores them."""
    from incentives_portal.core.outbox.storing import store

    for start in range(0, count, 200):
        store([_mail() for _ in range(min(200, count - start))])


def _mail() -> Any:
    from incentives_portal.core.models import Mail

    pk = uuid.uuid4()
    mail = Mail(id=pk, key=str(pk), kind="invitation", to=f"{pk}@people.example", language="en", subject="You are invited")
    mail.text, mail.html, mail.message_id, mail.message = "Text", BODY, f"<{pk}@partner-center>", _message()
    return mail


def _message() -> bytes:
    head = f"Subject: You are invited\r\nFrom: {SENDER}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    return (head + BODY.replace("\n", "\r\n")).encode()


def _nothing_is_left() -> None:
    from django.db import connection

    from incentives_portal.core.models import Mail

    assert not Mail.objects.exclude(state="sent").exists()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_mail")


@contextmanager
def _sink(kind: str) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "bench.mail_drain", f"serve-{kind}", str(port)])
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                smtplib.SMTP("127.0.0.1", port, timeout=5).quit()
            except OSError:
                time.sleep(0.1)
            else:
                break
        yield port
    finally:
        server.kill()
        server.wait()


def _send(kind: str, count: int) -> None:
    """One worker: says that it is ready, waits for the shot, works, says that it is done."""
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    from incentives_portal.core.outbox import send_due

    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    connection.ensure_connection()
    message = _message()
    print("ready", flush=True)
    sys.stdin.readline()
    if kind == "outbox":
        send_due()
    else:
        with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT) as server:
            for number in range(count):
                server.sendmail(SENDER, [f"{number}@people.example"], message)
    print("done", flush=True)


class _Fast(socketserver.StreamRequestHandler):
    """Takes every mail and looks at none."""

    def handle(self) -> None:
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() != b".\r\n":
                    pass
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 OK\r\n")
            if verb == b"QUIT":
                return


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


def _serve(kind: str, port: int) -> None:
    if kind == "fast":
        _Server(("127.0.0.1", port), _Fast).serve_forever()
    else:
        import asyncio
        import logging

        from aiosmtpd.smtp import SMTP

        logging.disable()

        class Taking:
            async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
                return "250 OK"

        async def forever() -> None:
            loop = asyncio.get_running_loop()
            server = await loop.create_server(lambda: SMTP(Taking(), loop=loop), "127.0.0.1", port)
            await server.serve_forever()

        asyncio.run(forever())


if __name__ == "__main__":
    what, number = sys.argv[1], int(sys.argv[2])
    if what.startswith("serve-"):
        _serve(what.removeprefix("serve-"), number)
    else:
        _send(what, number)
