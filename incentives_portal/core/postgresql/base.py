"""The connection. Django looks for it in a module of this name."""

from collections.abc import Callable
from typing import Any

from django.db import Error
from django.db.backends.postgresql import base, operations
from psycopg.pq import TransactionStatus

from incentives_portal.core import wall

from . import ids

TELL = "SELECT set_config('portal.sees', %s, false)"


class DatabaseOperations(operations.DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """What was executed, for the log of statements; of a prepared one without its values, which stand nowhere in it."""
        return super().last_executed_query(cursor, sql, params) or sql


class DatabaseWrapper(base.DatabaseWrapper):
    """Tells PostgreSQL what may be seen where that is news: on a kept connection twice a request, once in place of the
    question whether the connection still works. A rollback undoes what was told, so afterwards it is told again.
    """

    ops_class = DatabaseOperations

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._told: str | None = None
        self.execute_wrappers.append(self._tell_first)

    def _tell_first(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        # A transaction that failed takes a rollback and nothing else.
        if self._told != wall.seen() and self.connection.info.transaction_status != TransactionStatus.INERROR:
            with self.wrap_database_errors:
                self._tell()
        return execute(sql, params, many, context)

    def _tell(self) -> None:
        seen = wall.seen()
        with self.connection.cursor() as cursor:
            cursor.execute(TELL, [seen])
        self._told = seen

    def prepared(self) -> Any:
        """A cursor for a statement that is asked at every page: PostgreSQL reads it once per connection, and afterwards only its
        values are sent. Each must stand where PostgreSQL can tell its type.
        """
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._prepare_cursor(base.ServerBindingCursor(self.connection))  # type: ignore[attr-defined, call-arg]

    def get_connection_params(self) -> dict[str, Any]:
        # For cursors of `prepared` alone: those of Django put values into the statement themselves.
        return {**super().get_connection_params(), "prepare_threshold": 0}

    def get_new_connection(self, conn_params: Any) -> Any:
        self._told = None
        connection = super().get_new_connection(conn_params)
        ids.adapt(connection)
        return connection

    def is_usable(self) -> bool:
        if self.connection is None:
            return False
        try:
            with self.wrap_database_errors:
                self._tell()
        except Error:
            return False
        return True

    def _rollback(self) -> None:
        super()._rollback()  # type: ignore[misc]
        self._told = None

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)  # type: ignore[misc]
        self._told = None
