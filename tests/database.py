"""A pytest plugin (`-p tests.database`): tests run their statements as the portal's own role, in a database that its owner made.

What a role may not do in production fails here too (rule OPS-3). Only emptying the tables between tests that commit is the
owner's, and the owner of these tests is a superuser. With a DATABASE_URL from outside and no DATABASE_OWNER_URL, all is one role's.
"""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session", autouse=True)
def _statements_are_the_portals(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    from django.db import connection
    from django.db.backends.signals import connection_created

    from incentives_portal.core import database_roles

    if not database_roles.is_apart():
        yield
        return

    def step_down(connection: Any, **kwargs: Any) -> None:
        if connection.settings_dict["NAME"] == tests_own:
            with connection.cursor() as cursor:
                cursor.execute(f"SET ROLE {database_roles.application_role()}")

    tests_own = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        connection.close()
    connection_created.connect(step_down)
    yield
    connection_created.disconnect(step_down)
    with django_db_blocker.unblock():
        connection.close()


@pytest.fixture(scope="session", autouse=True)
def _no_session_keeps_the_database(_statements_are_the_portals: None, django_db_blocker: Any) -> Iterator[None]:
    """Ends the sessions that killed workers and servers' threads leave, so that the tests' database can be dropped."""
    from django.db import connection

    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session", autouse=True)
def _flush_what_refuses() -> Iterator[None]:
    """Tests that commit (live servers, threads) empty the tables afterwards, the append-only audit log too.

    The clock's one row stays, set back. Only the tests' superuser can do this: the triggers are switched off for that moment.
    """
    from django.db.backends.postgresql.operations import DatabaseOperations

    plain = DatabaseOperations.sql_flush

    def sql_flush(self: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        emptied = plain(self, style, [table for table in tables if table != "core_clock"], **options)
        before = ["SET LOCAL ROLE NONE", "SET LOCAL session_replication_role = replica"]
        return [*before, *emptied, "UPDATE core_clock SET shift = '0'"]

    DatabaseOperations.sql_flush = sql_flush  # type: ignore[method-assign]
    yield
    DatabaseOperations.sql_flush = plain  # type: ignore[method-assign]
