"""The door of every view: signed in, and allowed to do this somewhere.

    @allowed(Permission.SEE_PEOPLE)
    def people(request: PortalRequest) -> HttpResponse: ...

Where exactly the actor is allowed, the view asks `accounts.policy`: these decorators only keep out who is allowed nowhere.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django_htmx.http import HttpResponseClientRedirect

from accounts import coming_back, confirming, policy
from accounts.actor import Actor
from accounts.models import User
from accounts.roles import Permission

P = ParamSpec("P")


class PortalRequest(HttpRequest):
    """A request of a signed-in person, as views behind `signed_in` and `allowed` get it (for annotations)."""

    actor: Actor
    user: User
    htmx: Any


View = Callable[Concatenate[PortalRequest, P], HttpResponseBase]


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page, and from there back here; a partial update takes the whole page along."""
    answer = redirect_to_login(coming_back.page_of(request))
    return HttpResponseClientRedirect(answer.url) if getattr(request, "htmx", None) else answer


def signed_in(view: View[P]) -> View[P]:
    """Sends who is signed out to sign in, and back afterwards."""

    @wraps(view)
    def guarded(request: PortalRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.actor:
            return _to_sign_in(request)
        return view(request, *args, **kwargs)

    guarded.permission = None  # type: ignore[attr-defined]
    return guarded


def allowed(permission: Permission) -> Callable[[View[P]], View[P]]:
    """Signed in, and holding `permission` somewhere; else the page that says who holds it (rule ACC-7)."""

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: PortalRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            policy.require(request.actor, permission)
            return view(request, *args, **kwargs)

        entrance = signed_in(guarded)
        # Read by the test that walks every address against the role matrix.
        entrance.permission = permission  # type: ignore[attr-defined]
        return entrance

    return guard


def fresh_second_factor(view: View[P]) -> View[P]:
    """Asks for a second factor confirmed within the last minutes before changes to roles, profiles and sign-in (rule ACC-9).

    Reading the page that holds the form asks already, so that nobody types in vain. A POST that comes too late is asked
    with what it carries, and goes on with that. Stands innermost: who may not do this at all isn't asked.
    """
    return fresh_second_factor_unless(lambda _request: False)(view)


def fresh_second_factor_unless(harmless: Callable[[PortalRequest], bool]) -> Callable[[View[P]], View[P]]:
    """As `fresh_second_factor`, but for requests that change nothing, such as a form that is only redrawn."""

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: PortalRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            asked = None if harmless(request) else confirming.ask(request)
            return view(request, *args, **kwargs) if asked is None else asked

        # Read by the test that knows which addresses rule ACC-9 is about.
        guarded.fresh_second_factor = True  # type: ignore[attr-defined]
        return guarded

    return guard


def for_any_partner(view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
    """About the person alone: a form of it may come from a page of another partner than the one spoken for (rule ACC-6)."""
    view.for_any_partner = True  # type: ignore[attr-defined]
    return view


def while_typing(view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
    """Remarks on what is being typed: on a page of another partner than the one spoken for now there is none (rule ACC-6)."""
    view.while_typing = True  # type: ignore[attr-defined]
    return view


def open_without_second_factor(view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
    """Operators reach this page without a second factor, too: it is a way to sign in or out."""
    view.open_without_second_factor = True  # type: ignore[attr-defined]
    return view
