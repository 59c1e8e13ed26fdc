"""A statement that is under way while whoever sent it does something else.

Django waits for each statement's answer. Where many small ones follow each other, with work of another kind in between, the
waiting and PostgreSQL's work are most of what they cost; here they happen meanwhile. This is libpq's own way (send, then read),
reached through `psycopg.pq`; psycopg's pipeline mode takes twice the processor time. Who may see what (`core.wall`) is told to
Django's cursors alone: this is for tables that are the same to everybody.
"""

import time
from select import select

import psycopg
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult

TRUE = b"\1"
PATIENCE, PAUSE = 60, 0.5  # seconds for a PostgreSQL that is starting again

# Asked, not remembered: after a rollback psycopg may have PostgreSQL forget all that was prepared.
_IS_PREPARED = b"SELECT FROM pg_prepared_statements WHERE name = $1"


class Statement:
    """A statement that gives one row, with its values as `$1::uuid`. Each execution is a transaction of its own. Its answer is in
    PostgreSQL's binary form: bytes as they are stored, and `TRUE`.

    What was sent is carried out, whatever becomes of the sender. Where the connection breaks, whether it was can't be known: it
    is sent once more, so it has to be one that may run twice. Between `send` and `answer` the connection takes nothing else.
    """

    def __init__(self, name: str, sql: str) -> None:
        self._name, self._sql = name.encode(), sql.encode()
        self._values: list[bytes | None] = []
        self._django = connections[DEFAULT_DB_ALIAS]
        self._server: PGconn | None = None

    def send(self, *values: object) -> None:
        """Sends it and doesn't wait."""
        self._values = [None if value is None else str(value).encode() for value in values]
        self._send()

    def answer(self) -> list[bytes | None]:
        """Waits for the row. Raises OperationalError where PostgreSQL is away for more than a minute."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with self._django.wrap_database_errors:
                    return self._received()
            except OperationalError:
                if self._django.in_atomic_block or time.monotonic() > deadline:
                    raise
            self._django.close()
            self._server = None
            time.sleep(PAUSE)
            self._send()

    def _send(self) -> None:
        try:
            self._server = self._server or self._prepared()
            self._server.send_query_prepared(self._name, self._values, result_format=Format.BINARY)
            self._server.flush()
        except (OperationalError, psycopg.OperationalError):
            self._server = None  # `answer` will see to it

    def _prepared(self) -> PGconn:
        self._django.ensure_connection()
        server: PGconn = self._django.connection.pgconn
        if not _checked(server.exec_params(_IS_PREPARED, [self._name])).ntuples:
            _checked(server.prepare(self._name, self._sql))
        return server

    def _received(self) -> list[bytes | None]:
        if (server := self._server) is None:
            raise psycopg.OperationalError("it could not be sent")
        while server.is_busy():
            select([server.socket], [], [])  # which, unlike libpq's own waiting, can be interrupted
            server.consume_input()
        # The row, and after it what the commit may have to say.
        results = list(iter(server.get_result, None))
        if server.status != ConnStatus.OK or not results:
            raise psycopg.OperationalError("the connection broke")
        row, *_ = map(_checked, results)
        return [row.get_value(0, column) for column in range(row.nfields)]


def _checked(result: PGresult) -> PGresult:
    if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        raise error_from_result(result)
    return result
