"""The portal's own role against everything that it must not be able to do, over a login of its own."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg import errors

from accounts.models import Partner
from incentives_portal.core import database_roles
from incentives_portal.core.audit import SYSTEM, record
from incentives_portal.core.models import AuditEntry

pytestmark = [
    pytest.mark.rule("OPS-3"),
    pytest.mark.django_db,
    pytest.mark.skipif("owner" not in settings.DATABASE_LOGINS, reason="needs DATABASE_OWNER_URL"),
]


@pytest.fixture
def portal(db: None) -> Iterator[psycopg.Connection[Any]]:
    """A session of the portal's role, as a web process opens it."""
    login = settings.DATABASE_LOGINS["application"]
    at = {"host": login["HOST"], "port": login["PORT"], "dbname": connection.settings_dict["NAME"]}
    with psycopg.connect(user=login["USER"], password=login["PASSWORD"], autocommit=True, **at) as session:
        yield session


@pytest.mark.parametrize(
    ("table", "key"),
    [
        (model._meta.db_table, model._meta.pk.column)
        for model in apps.get_models()
        if getattr(model, "append_only", False) or getattr(model, "read_only", False)
    ],
)
@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE {0} SET {1} = {1}",
        "DELETE FROM {0}",
        "TRUNCATE {0}",
        "TRUNCATE {0} CASCADE",
        "INSERT INTO {0} SELECT * FROM {0} ON CONFLICT ({1}) DO UPDATE SET {1} = excluded.{1}",
        "MERGE INTO {0} USING (SELECT 1) AS one ON true WHEN MATCHED THEN DELETE",
        "SELECT FROM {0} FOR UPDATE",
        "BEGIN; LOCK TABLE {0} IN ACCESS EXCLUSIVE MODE",
        "ALTER TABLE {0} DISABLE TRIGGER ALL",
        "ALTER TABLE {0} ADD COLUMN x int",
        "ALTER TABLE {0} RENAME TO x",
        "ALTER TABLE {0} OWNER TO CURRENT_USER",
        "DROP TABLE {0}",
        "CREATE TRIGGER x BEFORE INSERT ON {0} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE RULE x AS ON INSERT TO {0} DO INSTEAD NOTHING",
        "CREATE INDEX ON {0} ({1})",
    ],
)
def test_what_is_append_only_is_only_added_to(portal: psycopg.Connection[Any], table: str, key: str, attempt: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        portal.execute(attempt.format(table, key))


@pytest.mark.parametrize(
    "attempt",
    [
        "DROP TRIGGER audit_append_only ON core_auditentry",
        "DROP FUNCTION refuse_audit_change() CASCADE",
        "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE FUNCTION portal_now(x int) RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'",
        "CREATE TABLE mine (id int)",
        "CREATE TABLE mine (id bigint REFERENCES core_run (id))",
        "CREATE VIEW mine AS SELECT 1",
        "CREATE SCHEMA mine",
        "CREATE EXTENSION plpgsql SCHEMA public",
        "SET session_replication_role = replica",
        "SET ROLE {owner}",
        "SET SESSION AUTHORIZATION {owner}",
        "ALTER ROLE {portal} SUPERUSER",
        "GRANT {owner} TO {portal}",
        "CREATE ROLE mine",
        "CREATE DATABASE mine",
        "COPY core_run TO PROGRAM 'true'",
        "COPY core_run TO '/tmp/runs'",
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT refuse_audit_change()",
        "SELECT setval(pg_get_serial_sequence('core_auditentry', 'id'), 1)",
        "UPDATE django_migrations SET app = app",
        "DELETE FROM core_clock",
        "DELETE FROM core_run",
        "INSERT INTO core_auditpending VALUES (99999)",
        "INSERT INTO core_clock (shift) VALUES ('0')",
    ],
)
def test_it_can_not_make_itself_more_than_it_is(portal: psycopg.Connection[Any], attempt: str) -> None:
    owner, role = settings.DATABASE_LOGINS["owner"]["USER"], database_roles.application_role()
    with pytest.raises((errors.InsufficientPrivilege, errors.DuplicateObject)):
        portal.execute(attempt.format(owner=owner, portal=role))


def test_it_owns_nothing_and_belongs_to_nobody(portal: psycopg.Connection[Any]) -> None:
    owned = "SELECT relname FROM pg_class WHERE relowner = current_user::regrole"
    functions = "SELECT proname FROM pg_proc WHERE proowner = current_user::regrole"
    groups = "SELECT roleid FROM pg_auth_members WHERE member = current_user::regrole"
    assert not portal.execute(f"{owned} UNION ALL {functions}").fetchall()
    assert not portal.execute(groups).fetchall()
    special = "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication FROM pg_roles WHERE rolname = current_user"
    assert portal.execute(special).fetchone() == (False,)
    assert not database_roles.owns_tables()


def test_no_table_lets_it_do_more_than_read_and_change_rows(portal: psycopg.Connection[Any]) -> None:
    more = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"
    more += " AND has_table_privilege(oid, 'TRUNCATE, REFERENCES, TRIGGER, MAINTAIN')"
    assert not portal.execute(more).fetchall()


def test_it_may_do_what_pages_and_imports_do(portal: psycopg.Connection[Any]) -> None:
    portal.execute("SELECT portal_now(), portal_today('UTC')")
    portal.execute("UPDATE accounts_partner SET id = id; DELETE FROM accounts_partner WHERE false")
    portal.execute("CREATE TEMP TABLE mine (id int); ALTER TABLE mine ADD x int; ANALYZE mine; DROP TABLE mine")


def test_the_tests_run_as_it(partner: Partner) -> None:
    record("tested", partner, by=SYSTEM)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (database_roles.application_role(),)
    assert AuditEntry.objects.filter(act="tested").exists()


@pytest.mark.rule("OPS-2")
@pytest.mark.parametrize(("demo", "may"), [(True, True), (False, False)])
def test_the_clock_moves_in_rehearsals_alone(settings: Any, demo: bool, may: bool) -> None:
    settings.DEMO, settings.TESTING = demo, False
    as_owner("SET LOCAL ROLE NONE")
    database_roles.grant()
    as_owner(f"SET LOCAL ROLE {database_roles.application_role()}")
    assert may is asked("SELECT has_table_privilege(current_user, 'core_clock', 'UPDATE')")


def test_grants_can_be_given_again_and_take_what_was_too_much() -> None:
    as_owner(f"SET LOCAL ROLE NONE; GRANT ALL ON core_auditentry TO {database_roles.application_role()}")
    assert database_roles.grant()
    assert database_roles.grant()
    for forbidden in ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER"):
        assert not asked(f"SELECT has_table_privilege('{database_roles.application_role()}', 'core_auditentry', '{forbidden}')")


def test_a_missing_role_is_made_with_a_hashed_password(settings: Any) -> None:
    logins = settings.DATABASE_LOGINS
    settings.DATABASE_LOGINS = logins | {"application": logins["application"] | {"USER": "portal_new", "PASSWORD": "s3cret-"}}
    as_owner("SET LOCAL ROLE NONE")
    assert database_roles.grant()
    assert asked("SELECT rolcanlogin AND NOT rolsuper FROM pg_roles WHERE rolname = 'portal_new'")
    assert asked("SELECT rolpassword LIKE 'SCRAM-SHA-256$%%' FROM pg_authid WHERE rolname = 'portal_new'")


def test_an_owner_who_may_not_make_the_role_says_what_to_ask_for(settings: Any) -> None:
    logins = settings.DATABASE_LOGINS
    settings.DATABASE_LOGINS = logins | {"application": {"USER": "portal_new", "PASSWORD": "s3cret-"}}
    with pytest.raises(ImproperlyConfigured, match="CREATE ROLE portal_new LOGIN"):
        database_roles.grant()  # as the portal's role, which makes nobody


def test_migrate_puts_that_in_words(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    logins = settings.DATABASE_LOGINS
    settings.DATABASE_LOGINS = {"application": logins["application"] | {"USER": "portal_new"}, "owner": logins["owner"]}
    monkeypatch.setattr(database_roles, "as_owner", lambda: connection.wrap_database_errors)
    with pytest.raises(CommandError, match="run migrate again"):
        call_command("migrate", verbosity=0)


def test_a_portal_that_owns_its_tables_is_warned(settings: Any) -> None:
    assert not [one for one in run_checks(databases=["default"]) if one.id == "portal.W001"]
    settings.DATABASE_LOGINS = {"application": settings.DATABASE_LOGINS["owner"]}
    (warning,) = [one for one in run_checks(databases=["default"]) if one.id == "portal.W001"]
    assert "owns its tables" in warning.msg and "DATABASE_OWNER_URL" in str(warning.hint)
    assert not database_roles.grant()  # there is nobody to grant anything to


def as_owner(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def asked(question: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


# --- Temporary tables in the place of the portal's ------------------------------------------------------


def test_every_function_finds_the_tables_of_the_portal(db: None) -> None:
    """By a search path of its own, or, where a statement takes it into itself, by naming them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'"
            " AND NOT coalesce('search_path=public, pg_temp' = ANY (proconfig), false)"
        )
        named = dict(cursor.fetchall())
    assert set(named) == {"portal_now", "portal_today"}
    assert "public.core_clock" in named["portal_now"] and "public.portal_now" in named["portal_today"]


def test_temporary_tables_come_last(partner: Partner) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE accounts_partner (id int)")
        cursor.execute("CREATE TEMP TABLE core_clock AS SELECT true AS only, interval '9 years' AS shift")
        assert Partner.objects.filter(pk=partner.pk).exists()
        cursor.execute("SET LOCAL search_path = pg_temp, public")  # whoever can run SQL can
        cursor.execute("SELECT portal_now() < now() + interval '1 year', portal_today('UTC') < current_date + 366")
        assert cursor.fetchone() == (True, True)
