"""Columns of type `EncryptedTextField`."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db import connection
from psycopg import sql

from incentives_portal.core import secrets
from incentives_portal.core.secrets import EncryptedTextField

# What is read, and written, in one go.
MOST_BYTES = 16_000_000
# A row's key and what it holds as stored.
Row = tuple[Any, Any]
# A row's key, what it held when it was read, and what takes its place.
Swap = tuple[Any, Any, Any]

_COUNT = sql.SQL(
    # What is in front of the bar, where it looks like a key's id at all.
    "SELECT substring(encode(substring({column} FROM 1 FOR 21), 'escape') FROM '^([A-Za-z0-9._-]{{1,20}})\\|'), count(*)"
    " FROM {table} WHERE {column} IS NOT NULL GROUP BY 1"
)
_READ = sql.SQL(
    # So many rows, or fewer where what they hold is large: documents are among it.
    "SELECT pk, held FROM (SELECT pk, held, row_number() OVER before AS nth, sum(octet_length(held)) OVER before AS bytes FROM ("
    "SELECT {pk} AS pk, {column} AS held FROM {table} WHERE {column} IS NOT NULL"
    " AND (%(after)s::{type} IS NULL OR {pk} > %(after)s::{type})"
    " AND (%(start)s::bytea IS NULL OR substring({column} FROM 1 FOR length(%(start)s::bytea)) <> %(start)s::bytea)"
    " ORDER BY {pk} LIMIT %(size)s) found WINDOW before AS (ORDER BY pk)) counted WHERE nth = 1 OR bytes <= %(bytes)s ORDER BY pk"
)
# Compares and sets in one statement. Who holds a row has it first: nobody waits, and nobody's edit is written over.
_SWAP = sql.SQL(
    "WITH free AS MATERIALIZED (SELECT t.{pk} AS pk, v.new FROM {table} t"
    " JOIN unnest(%s::{type}[], %s::bytea[], %s::bytea[]) AS v (pk, held, new) ON t.{pk} = v.pk AND t.{column} = v.held"
    " FOR NO KEY UPDATE OF t SKIP LOCKED)"
    " UPDATE {table} t SET {column} = free.new FROM free WHERE t.{pk} = free.pk"
)


class Bytes:
    """A column of bytes that is read and swapped row by row, and no other column with it."""

    def __init__(self, model: Any, column: str) -> None:
        self.model, self.column = model, column
        pk = model._meta.pk
        self._names = {
            "table": sql.Identifier(model._meta.db_table),
            "column": sql.Identifier(column),
            "pk": sql.Identifier(pk.column),
            "type": sql.SQL(pk.rel_db_type(connection)),
        }

    @property
    def label(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def rows(self, after: Any, size: int, *, but: str | None = None) -> list[Row]:
        start = but.encode() + b"|" if but is not None else None
        with connection.cursor() as cursor:
            cursor.execute(_READ.format(**self._names), {"after": after, "size": size, "start": start, "bytes": MOST_BYTES})
            return [(pk, bytes(held)) for pk, held in cursor.fetchall()]

    def swap(self, swaps: Sequence[Swap]) -> int:
        keys, held, new = ([swap[part] for swap in swaps] for part in range(3))
        with connection.cursor() as cursor:
            cursor.execute(_SWAP.format(**self._names), [keys, held, new])
            return int(cursor.rowcount)


class EncryptedColumn(Bytes):
    """A column whose every value is bound to its row."""

    def __init__(self, field: EncryptedTextField) -> None:
        super().__init__(field.model, str(field.column))
        self.field = field

    def by_key(self) -> Counter[str]:
        with connection.cursor() as cursor:
            cursor.execute(_COUNT.format(**self._names))
            return Counter({key_id or "none": count for key_id, count in cursor.fetchall()})

    def opened(self, row: Row) -> None:
        pk, held = row
        secrets.decrypt(held, place=self.field.place_of(pk))

    def sealed_anew(self, row: Row) -> bytes:
        pk, held = row
        place = self.field.place_of(pk)
        return secrets.encrypt(secrets.decrypt(held, place=place), place=place)
