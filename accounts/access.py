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

from accounts import policy
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
    htmx = getattr(request, "htmx", None)
    if htmx:
        return HttpResponseClientRedirect(redirect_to_login(_page_around(htmx)).url)
    return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")


def _page_around(htmx: Any) -> str:
    """The page that asked for a part of itself. The header is the browser's word; one that is no address counts as none."""
    try:
        return htmx.current_url_abs_path or "/"
    except ValueError:
        return "/"


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
