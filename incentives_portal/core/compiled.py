"""Questions that are asked at every request: Django puts their SQL together once, and each asking only fills in its values.

For most questions that work is no matter. Where a page asks the same ones every time, it is more than PostgreSQL's own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class Place:
    """A parameter of a statement: the same at every asking, or a blank that an asking fills in."""

    value: Any = None
    blank: str = ""

    def of(self, values: Mapping[str, Any]) -> Any:
        return values[self.blank] if self.blank else self.value


def places_of(parameters: Iterable[Any], blanks: Mapping[str, Any]) -> list[Place]:
    """The parameters, those that equal a blank's stand-in as places to fill in. Every blank must have one."""

    def place(value: Any) -> Place:
        name = next((name for name, blank in blanks.items() if isinstance(value, type(blank)) and blank == value), "")
        return Place(blank=name) if name else Place(value)

    places = [place(value) for value in parameters]
    missing = blanks.keys() - {one.blank for one in places}
    assert not missing, f"the statement holds no place for {missing}"
    return places


class Compiled:
    """A queryset of `.values_list(...)`, built by a function of its blanks.

        question = Compiled(lambda user: Membership.objects.filter(user=user).values_list("pk"), user=uuid.UUID(int=1))
        rows = question.ask(user=somebody.pk)

    Each blank is given as a value that stands for it while the SQL is put together; it must be of the right type and stand for
    nothing else in the query. Rows come as the database's driver reads them.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], **blanks: Any) -> None:
        self._build, self._blanks = build, blanks
        self._compiled: tuple[str, list[Place]] | None = None

    def ask(self, **values: Any) -> list[tuple[Any, ...]]:
        """The rows, with these values in the blanks."""
        if self._compiled is None:
            sql, parameters = self._build(**self._blanks).query.sql_with_params()
            self._compiled = sql, places_of(parameters, self._blanks)
        sql, places = self._compiled
        return asked(sql, [place.of(values) for place in places])


def asked(sql: str, parameters: Sequence[Any], *, often: bool = True) -> list[tuple[Any, ...]]:
    """The rows of a statement. One that is asked often, PostgreSQL reads and plans once per connection."""
    with connection.prepared() if often else connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
