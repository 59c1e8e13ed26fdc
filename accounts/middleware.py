"""Gives every request its actor, and every page its person's language."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from accounts.actor import Actor, actor_for

GetResponse = Callable[[HttpRequest], HttpResponse]
PARTNER_KEY = "partner_id"


class ActorMiddleware:
    """`request.actor`: who looks, for which partner. None when signed out."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        def build() -> Actor | None:
            if not request.user.is_authenticated:
                return None
            return actor_for(request.user, request.session.get(PARTNER_KEY))

        request.actor = SimpleLazyObject(build)  # type: ignore[attr-defined]
        return self.get_response(request)


class PersonsLanguageMiddleware:
    """A signed-in person's own language wins; signed out, the cookie and then the browser decide."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            language = request.user.language
        else:
            language = translation.get_language_from_request(request)
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response
