"""One id for all that a request, a task or a command does: its audit entries and log lines can be seen together."""

import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.log import log_response

GetResponse = Callable[[HttpRequest], HttpResponse]
HEADER = "X-Request-ID"
_current: ContextVar[uuid.UUID | None] = ContextVar("request_id", default=None)
_task: ContextVar[str] = ContextVar("task", default="")


def current() -> uuid.UUID:
    """The id of what runs now; outside of any request, task or command one of its own."""
    return _current.get() or uuid.uuid4()


@contextmanager
def one_act() -> Iterator[uuid.UUID]:
    """Gives what happens inside one id. A command that is called within a request keeps the request's."""
    known = _current.get()
    if known is not None:
        yield known
        return
    token = _current.set(uuid.uuid4())
    try:
        yield current()
    finally:
        _current.reset(token)


class RequestIdMiddleware:
    """Gives each request its id and says it in the answer. What the asker calls it counts for nothing: anybody could forge it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with one_act() as request_id:
            response = self.get_response(request)
            if response.status_code >= 400:
                # Django would write this line only after the last middleware, when the id is gone; a second time it doesn't.
                log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request)
        response.headers[HEADER] = str(request_id)
        return response


def begin_task(task_id: str = "", task: Any = None, **kwargs: Any) -> None:
    """Celery's `task_prerun`: a worker does one task after the other in one thread, each under the id that the queue gave it."""
    try:
        _current.set(uuid.UUID(task_id))
    except ValueError:
        _current.set(uuid.uuid4())
    _task.set(str(getattr(task, "name", "") or ""))


def end_task(**kwargs: Any) -> None:
    """Celery's `task_postrun`."""
    _current.set(None)
    _task.set("")


class RequestIdFilter(logging.Filter):
    """Puts the id and the task's name on every line of the logs; `-` where nothing runs that has one."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = str(_current.get() or "-")
        record.task = _task.get() or "-"
        return True
