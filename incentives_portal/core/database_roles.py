"""The database belt (rule OPS-3): the portal runs as a role that owns nothing, and `migrate` as the one that owns the tables.

Grants are given here, after every migration, from the models themselves: a model that says `append_only = True` can be
added to and read, no more, and one that says `read_only = True` only read. So what the portal may not do, it can't, whatever code or injected SQL asks for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from psycopg import errors, sql

from incentives_portal.core.models import ClockRow, Run

_LOGIN = ("USER", "PASSWORD", "HOST", "PORT")
EVERYTHING = ("SELECT", "INSERT", "UPDATE", "DELETE")


def application_role() -> str:
    """The role of DATABASE_URL."""
    return str(settings.DATABASE_LOGINS["application"].get("USER", ""))


def is_apart() -> bool:
    """Whether the portal's role is another one than the owner of the tables."""
    return "owner" in settings.DATABASE_LOGINS and settings.DATABASE_LOGINS["owner"].get("USER") != application_role()


@contextmanager
def as_owner() -> Iterator[None]:
    """Runs a block with the connection of the tables' owner, where DATABASE_OWNER_URL names one. Not within a transaction."""
    login, owner = connection.settings_dict, settings.DATABASE_LOGINS.get("owner")
    if not owner:
        yield
        return
    before = {key: login[key] for key in _LOGIN}
    connection.close()
    login.update({key: owner.get(key, "") for key in _LOGIN})
    try:
        yield
    finally:
        connection.close()
        login.update(before)


def owns_tables() -> bool:
    """Whether the portal's role owns tables of the portal, may become who does, or is a superuser."""
    with connection.cursor() as cursor:
        cursor.execute(_OWNS, [application_role()])
        (owns,) = cursor.fetchone()
    return bool(owns)


def privileges() -> dict[str, tuple[str, ...]]:
    """What the portal's role may do with each table that is not an ordinary one."""
    special: dict[str, tuple[str, ...]] = {
        model._meta.db_table: ("SELECT", "INSERT") for model in apps.get_models() if getattr(model, "append_only", False)
    }
    special |= {model._meta.db_table: ("SELECT",) for model in apps.get_models() if getattr(model, "read_only", False)}
    special[MigrationRecorder.Migration._meta.db_table] = ("SELECT",)
    special[Run._meta.db_table] = ("SELECT", "INSERT", "UPDATE")  # the ledger remembers how far the audit log was good
    # Rehearsals alone move the clock (rule OPS-2): who moves it decides what is due, expired or in time.
    movable = settings.DEMO or settings.TESTING
    special[ClockRow._meta.db_table] = ("SELECT", "UPDATE") if movable else ("SELECT",)
    return special


def grant() -> bool:
    """Gives the portal's role what it needs in this database, and takes everything else. Call it as the owner.

    Can be repeated; the role is made where it is missing. Says whether there was a role to give it to. Raises
    ImproperlyConfigured where the role is missing and the owner may not make it.
    """
    if not is_apart():
        return False
    role = sql.Identifier(application_role())
    with transaction.atomic(), connection.cursor() as cursor:
        _make_role(cursor)
        cursor.execute("SELECT current_schema(), current_database()")
        schema, database = (sql.Identifier(name) for name in cursor.fetchone())
        for statement in _GENERAL:
            cursor.execute(sql.SQL(statement).format(role=role, schema=schema, database=database))
        tables = set(connection.introspection.table_names(cursor))  # some may have been migrated away
        for table, allowed in privileges().items():
            if table not in tables:
                continue
            names = {"role": role, "table": sql.Identifier(table), "allowed": sql.SQL(", ".join(allowed))}
            cursor.execute(sql.SQL("REVOKE ALL ON {table} FROM {role}").format(**names))
            cursor.execute(sql.SQL("GRANT {allowed} ON {table} TO {role}").format(**names))
        cursor.execute(_CALLED)
        for (called,) in cursor.fetchall():
            cursor.execute(sql.SQL("GRANT EXECUTE ON FUNCTION {called} TO {role}").format(called=sql.SQL(called), role=role))
    return True


_OWNS = """
SELECT EXISTS (
    SELECT FROM pg_class one JOIN pg_roles me ON me.rolname = %s
    WHERE one.relnamespace = current_schema()::regnamespace AND one.relkind = 'r' AND pg_has_role(me.oid, one.relowner, 'MEMBER')
)
"""
# No TRUNCATE, REFERENCES or TRIGGER on tables, no CREATE in the schema, no setting of sequences. Temporary tables are the
# feed's import. Functions are closed to everybody first, as PostgreSQL opens new ones to everybody.
_GENERAL = (
    "REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC",
    "REVOKE ALL ON SCHEMA {schema} FROM {role}",
    "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM PUBLIC, {role}",
    "REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM PUBLIC, {role}",
    "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC, {role}",
    "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {role}",
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    f"GRANT {', '.join(EVERYTHING)} ON ALL TABLES IN SCHEMA {{schema}} TO {{role}}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
)
# A trigger's function is run by its trigger, whoever changes the row; only what is called by name needs a grant.
_CALLED = """
SELECT oid::regprocedure::text FROM pg_proc
WHERE pronamespace = current_schema()::regnamespace AND prokind = 'f' AND prorettype <> 'trigger'::regtype
"""


def _make_role(cursor: Any) -> None:
    """The role with its password from DATABASE_URL, which is sent as a hash; one that exists is left as it is."""
    role, password = application_role(), settings.DATABASE_LOGINS["application"].get("PASSWORD") or ""
    cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
    if cursor.rowcount:
        return
    hashed = connection.connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    try:
        with transaction.atomic():
            cursor.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(hashed.decode() if password else None)
                )
            )
    except Exception as error:
        if isinstance(error.__cause__, errors.InsufficientPrivilege):
            raise ImproperlyConfigured(
                f"The role {role} of DATABASE_URL does not exist, and the role of DATABASE_OWNER_URL may not make it. "
                f"Ask who runs PostgreSQL for: CREATE ROLE {role} LOGIN PASSWORD '...'; then run migrate again."
            ) from None
        raise
