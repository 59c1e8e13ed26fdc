"""Gives every request its actor, and every page its person's language."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from accounts.actor import Actor, actor_for
from incentives_portal.core import wall

GetResponse = Callable[[HttpRequest], HttpResponse]
PARTNER_KEY = "partner_id"


class ActorMiddleware:
    """`request.actor`: who looks, for which partner. None when signed out.

    With the actor the database learns what this request may see (`core.wall`).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        def build() -> Actor | None:
            if not request.user.is_authenticated:
                return None
            actor = actor_for(request.user, request.session.get(PARTNER_KEY))
            if wall.seen() == wall.NOTHING:  # else the page said so itself
                wall.look(seen_by(actor))
            return actor

        request.actor = SimpleLazyObject(build)  # type: ignore[attr-defined]
        return self.get_response(request)


def seen_by(actor: Actor) -> UUID | str:
    """What the database shows: a partner's people their partner, the operator's everything, anybody else nothing."""
    if actor.user.is_superuser or actor.is_operator:
        return wall.EVERYTHING
    return actor.partner.pk if actor.partner else wall.NOTHING


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
