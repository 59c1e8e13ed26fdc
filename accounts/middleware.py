"""Gives every request its actor, every page its person's language, and operators the way to their second factor."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from accounts import confirming, second_factor
from accounts.actor import Actor, actor_for
from accounts.models import Membership
from incentives_portal.core import wall

GetResponse = Callable[[HttpRequest], HttpResponse]
PARTNER_KEY = "partner_id"
# The partner whose directory signed this session in, for which alone it acts.
THROUGH_KEY = "through_directory_of"
# Where a person decides how they sign in.
OWN_KEYS = ("mfa_", "account_change_password", "account_set_password")
PROVING = ("mfa_authenticate", "mfa_reauthenticate")


class ActorMiddleware:
    """`request.actor`: who looks, for which partner. None when signed out.

    With the actor the database learns what this request may see (`core.wall`).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        find_actor(request)
        return self.get_response(request)


def find_actor(request: HttpRequest) -> None:
    """Sets `request.actor`, found when first asked for; called again, it is found anew."""

    def build() -> Actor | None:
        if not request.user.is_authenticated:
            return None
        through = request.session.get(THROUGH_KEY, "")
        actor = actor_for(request.user, request.session.get(PARTNER_KEY), through=through)
        if wall.seen() == wall.NOTHING:  # else the page said so itself
            wall.look(seen_by(actor))
        return actor

    request.actor = SimpleLazyObject(build)  # type: ignore[attr-defined]


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


class DirectorySessionMiddleware:
    """A partner's directory changes no password and no second factor of somebody who belongs to other partners too.

    Else whoever runs the directory could sign in as that person, give them a password, and come back by it for the others.
    Those where they are suspended, or that they have left, count as well: they may be let in there again.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        name = (request.resolver_match and request.resolver_match.url_name) or ""
        if not name.startswith(OWN_KEYS) or name.startswith(PROVING) or not request.user.is_authenticated:
            return None
        through = request.session.get(THROUGH_KEY)
        if not through or not Membership.objects.filter(user=request.user).exclude(partner=through).exists():
            return None
        return render(request, "accounts/single_sign_on_limited.html", status=403)


class SecondFactorMiddleware:
    """Operators and superusers reach nothing without a second factor in this very session (rule ACC-9).

    Without one set up, every page leads to setting one up; with one, to confirming it. Left open is what that takes.
    """

    OPEN = frozenset({"account_login", "account_logout", "admin:logout", "account_reauthenticate", "set_language", "health"})
    SETTING_UP = "mfa_"
    ADDING = frozenset({"mfa_activate_totp", "mfa_add_webauthn"})

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, *_arguments: Any) -> HttpResponse | None:
        if not request.user.is_authenticated:
            return None
        name = (request.resolver_match and request.resolver_match.view_name) or ""
        if name in self.ADDING and not confirming.may_add_a_factor(request):
            return confirming.lead_to_signing_in_again(request)
        if name in self.OPEN or name.startswith(self.SETTING_UP) or getattr(view, "open_without_second_factor", False):
            return None
        if second_factor.is_in_session(request) and not _has_lost_it(request, view):
            _arrived(request)
            return None
        return confirming.lead_to_confirming(request) if second_factor.must_have_one(request.user) else None


def _has_lost_it(request: HttpRequest, view: Any) -> bool:
    """Whether what an operator proved this session with was taken away since, here or in another session.

    It takes a query, so only who may be one is asked about: superusers, whatever the view, and in the portal's own views, whose
    doors (`accounts.access`) look the actor up anyway, who belongs to no partner. Elsewhere an operator's roles open nothing.
    """
    if not request.user.is_superuser and (not hasattr(view, "permission") or request.actor.partners):  # type: ignore[attr-defined]
        return False
    return not second_factor.is_kept(request) and second_factor.must_have_one(request.user)  # type: ignore[arg-type]


def _arrived(request: HttpRequest) -> None:
    """Whoever is on a page again needs no way back to it. Sessions that know no such way are not written."""
    if second_factor.NEXT_KEY in request.session:
        del request.session[second_factor.NEXT_KEY]
