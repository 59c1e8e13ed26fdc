"""A statement that is under way while whoever sent it does something else.

Django waits for each statement's answer. Where many small ones follow each other, with work of another kind in between, the
waiting and PostgreSQL's work are most of what they cost; here they happen meanwhile. This is libpq's own way (send, then read),
reached through `psycopg.pq`; pipeline mode does the same in more than twice the time.
"""

import contextlib
import time
from select import select
from typing import Any
from weakref import WeakSet

from django.db import OperationalError, connection
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

PATIENCE = 60  # seconds for a PostgreSQL that is starting again


class Statement:
    """A statement that gives one row, with its values as `$1::uuid`. Each execution is a transaction of its own.

    What was sent is carried out, whatever becomes of the sender. Where the connection breaks, whether it was can't be known: it
    is sent once more, so it has to be one that may run twice. Nothing else can be asked before `answer` was.
    """

    def __init__(self, name: str, sql: str) -> None:
        self._name, self._sql = name.encode(), sql.encode()
        self._values: list[bytes | None] = []
        self._prepared_on: WeakSet[Any] = WeakSet()

    def send(self, *values: object) -> None:
        """Sends it and doesn't wait."""
        self._values = [None if value is None else str(value).encode() for value in values]
        with contextlib.suppress(OperationalError):  # `answer` will see
            self._send()

    def answer(self) -> list[bytes | None]:
        """Waits for the row. Raises OperationalError where PostgreSQL is away for more than a minute."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self._received()
            except OperationalError:
                if connection.in_atomic_block or time.monotonic() > deadline:
                    raise
            connection.close()
            time.sleep(0.5)
            with contextlib.suppress(OperationalError):
                self._send()

    def _send(self) -> None:
        connection.ensure_connection()
        with connection.wrap_database_errors:
            server = connection.connection.pgconn
            if connection.connection not in self._prepared_on:
                _checked(server.prepare(self._name, self._sql))
                self._prepared_on.add(connection.connection)
            server.send_query_prepared(self._name, self._values)
            server.flush()

    def _received(self) -> list[bytes | None]:
        connection.ensure_connection()
        with connection.wrap_database_errors:
            server = connection.connection.pgconn
            while server.is_busy():
                select([server.socket], [], [])  # which, unlike libpq's waiting, can be interrupted
                server.consume_input()
            # The row, and after it what the commit may have to say.
            results = [_checked(result) for result in list(iter(server.get_result, None))]
        if not results:
            raise OperationalError("it was never sent")
        return [results[0].get_value(0, column) for column in range(results[0].nfields)]


def _checked(result: PGresult) -> PGresult:
    if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        raise error_from_result(result)
    return result
