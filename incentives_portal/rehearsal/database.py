"""The rehearsal's own database: made on the server of the portal's database, as its owner, and dropped afterwards."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import CommandError, call_command
from django.db import connection
from django.db.utils import ProgrammingError
from psycopg import sql

from incentives_portal.core import database_roles

# Every PostgreSQL has it, for just this.
MAINTENANCE = "postgres"
# What a database is called that may be filled and emptied.
NAMED_FOR_IT = re.compile(r"rehearsal(_[a-z0-9_]+)?")


@contextmanager
def of_its_own(*, keep: bool) -> Iterator[str]:
    """Runs a block in a new database, and says its name. With `keep` it is still there afterwards.

    The portal's own database is never touched: the connection leads to the new one until the block ends. Raises CommandError
    where the owner may not make databases.
    """
    name = f"rehearsal_{uuid.uuid4().hex[:12]}"
    with database_roles.as_owner():
        _make(name)
        try:
            with _led_to(name):
                call_command("migrate", verbosity=0)
                refuse_unless_for_rehearsals()
                yield name
        finally:
            if not keep:
                _drop(name)


def refuse_unless_for_rehearsals() -> None:
    """Raises CommandError unless this database is named for it and empty."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), EXISTS (SELECT FROM accounts_partner)")
        name, filled = cursor.fetchone()
    if filled or not NAMED_FOR_IT.fullmatch(name):
        raise CommandError(f"{name} is no database for rehearsals: those are empty and called rehearsal_…")


def _drop(name: str) -> None:
    with _led_to(MAINTENANCE), connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _make(name: str) -> None:
    try:
        with _led_to(MAINTENANCE), connection.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    except ProgrammingError:
        raise CommandError(
            "The owner of the tables (DATABASE_OWNER_URL) may not make a database to rehearse in. "
            "Ask who runs PostgreSQL for: ALTER ROLE … CREATEDB."
        ) from None


@contextmanager
def _led_to(name: str) -> Iterator[None]:
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
