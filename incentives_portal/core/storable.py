"""Refuses requests that PostgreSQL could never store or find: a text that holds a NUL."""

from collections.abc import Callable, Iterator

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]
NUL = "\x00"


class RefuseNulMiddleware:
    """A NUL in the path, the query string or a cookie answers 400. What is typed into a form, the form itself refuses in words.

    No person can type one, and every query that it reached would fail: a page must not break because of it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any(NUL in text for text in _texts(request)):
            raise BadRequest("The request holds a NUL character.")
        return self.get_response(request)


def _texts(request: HttpRequest) -> Iterator[str]:
    yield request.path_info
    yield from request.COOKIES.values()
    for name, values in request.GET.lists():
        yield name
        yield from values
