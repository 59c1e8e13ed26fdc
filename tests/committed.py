"""A pytest plugin (`-p tests.committed`): tests whose data are really committed, for races between connections.

Such a test asks for `committed` (before other fixtures that write). Django empties the tables after it by TRUNCATE, which
the audit log refuses and which would take the clock's one row along: the fixture lifts the first for that one statement,
and a trigger, in the test database alone, puts the row back.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

CLOCK_COMES_BACK = """
CREATE OR REPLACE FUNCTION put_clock_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO core_clock ("only", shift) VALUES (true, interval '0');
    PERFORM set_config('session_replication_role', 'origin', false);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER put_clock_back AFTER TRUNCATE ON core_clock FOR EACH STATEMENT EXECUTE FUNCTION put_clock_back();
ALTER TABLE core_clock ENABLE ALWAYS TRIGGER put_clock_back;
"""


@pytest.fixture
def committed(transactional_db: None) -> Iterator[None]:
    """Commits are real, and other connections see them."""
    with connection.cursor() as cursor:
        cursor.execute(CLOCK_COMES_BACK)
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Tests that really commit come last, as pytest-django wants it."""
    items.sort(key=lambda item: "committed" in getattr(item, "fixturenames", ()))
