"""Storing 10,000 mails that are rendered, against COPY of the same rows (rule INV-6), and against what Django offers.

python -m bench mail_enqueue
"""

import statistics
import time
from typing import Any

import psycopg

MAILS, ROUNDS = 10_000, 3
COLUMNS = ("id", "key", "kind", '"to"', "language", "subject", "text", "html", "message", "message_id", "is_secret", "state")


def measure() -> list[dict[str, Any]]:
    """Rows per second of `store` and of `bulk_create`, each against COPY."""
    from bench.mail_drain import _mail
    from bench.portal import running

    with running():
        from django.db import connection, transaction

        from incentives_portal.core.models import Mail
        from incentives_portal.core.outbox.storing import CHUNK, store

        def copied(mails: list[Any]) -> None:
            columns = ", ".join((*COLUMNS, "attempts", "last_error", "created_at", "due_at"))
            with psycopg.Cursor(connection.connection) as cursor:
                cursor.execute("SELECT portal_now()")
                (now,) = cursor.fetchone()  # type: ignore[misc]
                with cursor.copy(f"COPY core_mail ({columns}) FROM STDIN") as copy:
                    for mail in mails:
                        copy.write_row((*(getattr(mail, name.strip('"')) for name in COLUMNS), 0, "", now, now))

        def stored(mails: list[Any]) -> None:
            for start in range(0, MAILS, CHUNK):
                store(mails[start : start + CHUNK])

        ways = {"copy": copied, "store": stored, "bulk_create": Mail.objects.bulk_create}
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(ROUNDS + 1):
            for name, way in ways.items() if number % 2 else reversed(ways.items()):
                if name == "bulk_create" and number != 1:
                    continue  # once is enough to see what it is
                mails = [_mail() for _ in range(MAILS)]
                begun = time.perf_counter()
                with transaction.atomic():
                    way(mails)
                if number:
                    seconds[name].append(time.perf_counter() - begun)
                assert Mail.objects.count() == MAILS
                with connection.cursor() as cursor:
                    cursor.execute("DELETE FROM core_mail")
    rates = {name: MAILS / statistics.median(taken) for name, taken in seconds.items()}
    detail = f"rows/s, {MAILS} rows of 8 KB in one transaction, fsync on, {ROUNDS} rounds"
    return [
        _line("enqueue 10,000 mails: store (INSERT … SELECT FROM unnest)", rates["store"], rates["copy"], "≥ 0.80", detail),
        _line("enqueue 10,000 mails: bulk_create, for comparison", rates["bulk_create"], rates["copy"], "", detail),
    ]


def _line(name: str, ours: float, copy: float, target: str, detail: str) -> dict[str, Any]:
    return {
        "name": name,
        "ours": round(ours),
        "reference": round(copy),
        "ratio": round(ours / copy, 3),
        "target": target,
        "detail": detail,
    }
