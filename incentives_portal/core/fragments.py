"""Pieces of SQL with their values, put together where rows are many."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import connection

_HOLES = re.compile(r"%s|\{(\w+)\}")


class Sql(NamedTuple):
    """A piece of SQL and the values of its `%s`, in their order. The text is the portal's own, never somebody's input."""

    text: str
    values: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return self.text


def sql(text: str, /, *values: Any, **pieces: Sql) -> Sql:
    """`text` with each `{name}` filled in by a piece, and the values of its own `%s` and of the pieces in their order."""
    own, all_values = iter(values), []

    def fill(hole: re.Match[str]) -> str:
        if not hole[1]:
            all_values.append(next(own))
            return hole[0]
        all_values.extend(pieces[hole[1]].values)
        return pieces[hole[1]].text

    return Sql(_HOLES.sub(fill, text), tuple(all_values))


def joined(separator: str, pieces: Iterable[Sql], *, empty: str = "") -> Sql:
    """The pieces with `separator` between them; `empty` where there are none."""
    pieces = list(pieces)
    texts = separator.join(piece.text for piece in pieces)
    return Sql(texts or empty, tuple(value for piece in pieces for value in piece.values))


def run(statement: Sql) -> int:
    """Executes a statement and returns how many rows it was about."""
    with connection.cursor() as cursor:
        cursor.execute(statement.text, statement.values)
        return int(cursor.rowcount)


def rows_of(question: Sql) -> list[tuple[Any, ...]]:
    """All rows that a question answers with."""
    with connection.cursor() as cursor:
        cursor.execute(question.text, question.values)
        return list(cursor.fetchall())
