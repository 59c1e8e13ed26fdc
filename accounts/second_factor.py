"""What a session knows about its second factor: whether it has one, and whether it was confirmed lately (rule ACC-9).

allauth writes into the session how somebody proved who they are; this module reads that, by allauth's clock, which the
portal's moved clock does not touch.
"""

import time
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from accounts.models import OperatorAssignment, User

# Recovery codes stand in for the factor that was lost; they are none by themselves.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
# What counts as one that was shown here.
OWN = frozenset({"totp", "webauthn", "recovery_codes"})
NEXT_KEY = "after_second_factor"
CLOCKS_AGREE_WITHIN = 5


def has_one(user: Any) -> bool:
    """Whether the person has set up an authenticator app or a passkey."""
    return bool(Authenticator.objects.filter(user=user, type__in=FACTORS).exists())


def must_have_one(user: User) -> bool:
    """Operators and superusers always sign in with one (rule ACC-9)."""
    return user.is_superuser or OperatorAssignment.objects.filter(user=user).exists()


def is_in_session(request: HttpRequest) -> bool:
    """Whether this session was signed in to, or confirmed, with a second factor that the portal itself has seen."""
    return _last(request, OWN) is not None


def is_kept(request: HttpRequest) -> bool:
    """Whether the person still has a second factor, and the one that this session was proved with was not taken away; one query."""
    held = dict(Authenticator.objects.filter(user=request.user).values_list("pk", "type"))
    return any(kind in FACTORS for kind in held.values()) and _last(request, OWN, kept=set(held)) is not None


def is_fresh(request: HttpRequest) -> bool:
    """Whether one was confirmed within FRESH_SECOND_FACTOR_SECONDS, and was not taken away since.

    What a partner's directory says to have seen counts for who has no second factor here, and never for operators.
    """
    if _is_recent(_last(request, OWN)) and _is_recent(_last(request, OWN, kept=_kept(request))):
        return True
    seen_elsewhere = _is_recent(_last(request, frozenset({"directory"})))
    return seen_elsewhere and not has_one(request.user) and not must_have_one(request.user)  # type: ignore[arg-type]


def is_proved_enough(request: HttpRequest) -> bool:
    """What setting up and taking away factors asks for: a fresh second factor, or without one a fresh sign-in.

    So a stolen password does not open the way around a second factor that the person has.
    """
    return is_fresh(request) if has_one(request.user) else _is_recent(_last(request, kept=set()))


def confirmed(request: HttpRequest, user: User, authenticator: Authenticator) -> None:
    """Writes down that the person has just shown that this factor is theirs: while setting it up."""
    record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type, reauthenticated=True)


def _last(request: HttpRequest, kinds: frozenset[str] | None = None, *, kept: set[int] | None = None) -> float | None:
    """When a second factor of these kinds was shown last; without `kinds`, when anything was.

    With `kept`, what was shown by a factor that is not among them does not count: it was taken away.
    """
    records = get_authentication_records(request, request.user)
    shown = (one for one in records if kinds is None or (one["method"] == "mfa" and one.get("type") in kinds))
    return max((one["at"] for one in shown if kept is None or one.get("id") in kept | {None}), default=None)


def _kept(request: HttpRequest) -> set[int]:
    """The factors that the person has now, recovery codes included."""
    return set(Authenticator.objects.filter(user=request.user).values_list("pk", flat=True))


def _is_recent(at: float | None) -> bool:
    """By the clocks of the web servers, since that is what allauth writes down: a moment that is still to come isn't recent."""
    return at is not None and -CLOCKS_AGREE_WITHIN < time.time() - at < settings.FRESH_SECOND_FACTOR_SECONDS
