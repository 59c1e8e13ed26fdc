"""The wall (rule ACC-8): PostgreSQL shows a request the bank, tax and enrollment rows of its own partner, and no others.

A second one: every query filters by itself, and this catches the one that forgets to. What may be seen stands here and
`core.postgresql` tells the database before its next statement. A request sees nothing until it is known who asks; whatever
else the portal runs, commands and workers, is the operator's own and sees everything.

It is no wall against injected SQL, which could tell the database something else (docs/decisions/0006-the-database-belt.md).
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.core.signals import request_finished, request_started

NOTHING, EVERYTHING = "", "everything"
_seen: ContextVar[str] = ContextVar("seen", default=EVERYTHING)


def seen() -> str:
    """NOTHING, EVERYTHING, or the id of the partner whose rows are seen."""
    return _seen.get()


def look(seen: uuid.UUID | str) -> None:
    """From here on, this request sees the rows of a partner (its id), or EVERYTHING, or NOTHING."""
    _seen.set(str(seen))


@contextmanager
def looking(seen: uuid.UUID | str) -> Iterator[None]:
    """The same for a block: for what follows from an act in a request of nobody, or of somebody else."""
    token = _seen.set(str(seen))
    try:
        yield
    finally:
        _seen.reset(token)


def raise_for_requests() -> None:
    """Every request begins behind the wall, until its response is sent to the end."""
    request_started.connect(_begin, dispatch_uid="wall")
    request_finished.connect(_end, dispatch_uid="wall")


def _begin(**kwargs: Any) -> None:
    _seen.set(NOTHING)


def _end(**kwargs: Any) -> None:
    _seen.set(EVERYTHING)
