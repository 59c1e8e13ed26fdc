"""Streams the checked rows of a file into a temporary table, which lives until the end of the transaction."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from psycopg import sql

from enrollment.feed.reading import Row
from enrollment.feed.sheets import Sheet


@dataclass(frozen=True, slots=True)
class Staged:
    """A file in its temporary table. `present` False: the file was not there, the table is empty."""

    sheet: Sheet
    rows: int = 0
    present: bool = False


def create_table(sheet: Sheet) -> None:
    """An empty temporary table with the line in the file, whether the key was readable, and the columns."""
    columns = sql.SQL(", ").join(sql.SQL("{} {}").format(sql.Identifier(c.name), sql.SQL(c.sql)) for c in sheet.columns)
    table = sql.Identifier(sheet.table)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(table))
        cursor.execute(sql.SQL("CREATE TEMP TABLE {} (line int, keyed boolean, {}) ON COMMIT DROP").format(table, columns))


def fill(sheet: Sheet, rows: Iterable[Row]) -> Staged:
    """Copies the rows into the sheet's table."""
    number = 0
    table = sql.Identifier(sheet.table)
    with connection.cursor() as cursor:
        with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(table)) as copy:
            for row in rows:
                copy.write_row(row)
                number += 1
        key = sql.SQL(", ").join(map(sql.Identifier, sheet.key))
        cursor.execute(sql.SQL("CREATE INDEX ON {} ({})").format(table, key))
        cursor.execute(sql.SQL("ANALYZE {}").format(table))
    return Staged(sheet, number, True)
