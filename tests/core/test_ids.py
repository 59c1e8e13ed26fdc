"""Lists of ids arrive as they were sent, and other lists as before."""

import uuid
from typing import Any

import pytest
from django.db import connection

IDS = [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1), *(uuid.uuid4() for _ in range(5))]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("uuid", IDS),
        ("uuid", [*IDS, None]),
        ("uuid", []),
        ("uuid", [None]),
        ("text", ["plain", 'quoted "and" {braced}', "back\\slash", "NULL", "", None]),
        ("int", [1, -2, None]),
        ("bytea", [b"", b"\x00\xff", b"'quoted'"]),
    ],
)
def test_a_list_arrives_as_it_was_sent(kind: str, sent: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[], ARRAY(SELECT unnest(%s::{kind}[]))", [sent, sent])
        for found in cursor.fetchone():
            assert found == sent
