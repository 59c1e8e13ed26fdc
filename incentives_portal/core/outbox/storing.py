"""Writing owed mails, many in one statement."""

import uuid
from collections.abc import Sequence

import psycopg
from django.db import connection

from incentives_portal.core.models import Mail

# Rows in one statement: with the bodies a megabyte or two.
CHUNK = 200
_TYPES = {
    "id": "uuid",
    "key": "text",
    "kind": "text",
    '"to"': "text",
    "language": "text",
    "subject": "text",
    "text": "text",
    "html": "text",
    "message": "bytea",
    "is_secret": "boolean",
    "message_id": "text",
}
# Arrays, sent in binary: faster than COPY with its text, and ON CONFLICT needs no second table.
INSERT = f"""
INSERT INTO core_mail ({", ".join(_TYPES)}, state, attempts, last_error, created_at, due_at)
SELECT {", ".join(_TYPES)}, 'owed', 0, '', portal_now(), portal_now() + hold
FROM unnest({", ".join(f"%b::{kind}[]" for kind in _TYPES.values())}, %b::interval[]) AS new ({", ".join(_TYPES)}, hold)
ON CONFLICT (key) DO NOTHING RETURNING id
"""  # noqa: S608


def store(mails: Sequence[Mail]) -> list[uuid.UUID]:
    """Stores mails that are rendered, and says which: those whose key was owed before are left out."""
    names = [name.strip('"') for name in _TYPES]
    columns = [[getattr(mail, name) for mail in mails] for name in names]
    stored: list[uuid.UUID] = []
    connection.ensure_connection()
    # Django's own cursor binds in the client, as text.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(INSERT, [*columns, [mail.hold for mail in mails]])
        stored.extend(pk for (pk,) in cursor.fetchall())
    return stored
