"""Several questions in one statement, each answered by one JSON document: what a page needs is asked for in one go.

A document is read by the database's own code and by Python's parser, which is a good deal faster than row by row. Ids and
times in it are text.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from incentives_portal.core.compiled import asked, places_of


class Statement:
    """Querysets of `.values(...)`, of which the last one is read a page at a time.

    `blanks` are values that stand for those of the asking, as in `core.compiled`; a statement that is kept and asked again must
    have one for everything that differs between askings. `first` is one value asked for in plain SQL, with its parameters.
    """

    def __init__(self, questions: Sequence[QuerySet[Any, Any]], blanks: Mapping[str, Any], *, first: tuple[str, list[Any]]) -> None:
        parts, filled = [f"({first[0]})::text"], list(first[1])
        for number, question in enumerate(questions, start=1):
            sql, parameters = question.query.sql_with_params()
            filled += parameters
            paged = " LIMIT %s OFFSET %s" if number == len(questions) else ""
            parts.append(f"(SELECT coalesce(json_agg(one), '[]')::text FROM ({sql}{paged}) AS one)")  # noqa: S608 - Django's SQL
        self._places = places_of(filled, blanks)
        self._is_kept = bool(blanks)
        self._sql = f"SELECT {', '.join(parts)}"

    def documents(self, *, limit: int, offset: int, **values: Any) -> list[Any]:
        """The first value as text, then the answers in the order of the questions."""
        filled = [place.of(values) for place in self._places]
        [(value, *texts)] = asked(self._sql, [*filled, limit, offset], often=self._is_kept)
        return [value, *map(json.loads, texts)]
