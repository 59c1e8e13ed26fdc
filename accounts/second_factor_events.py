"""What follows when a second factor is set up or used: the session has it from then on, under a new key."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_used
from allauth.usersessions.models import UserSession
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import second_factor
from accounts.models import User


@receiver(authenticator_added)
def added(*, request: HttpRequest | None, user: User, authenticator: Authenticator, **_more: Any) -> None:
    """Whoever sets one up has shown a code or used the key: the session has its second factor from here on."""
    if request is not None and authenticator.type in second_factor.FACTORS:
        second_factor.confirmed(request, user, authenticator)
        change_session_key(request)


@receiver(authenticator_used)
def used(*, request: HttpRequest, reauthenticated: bool, **_more: Any) -> None:
    """A session that gains rights gets another key; at sign-in Django changes it anyway."""
    if reauthenticated:
        change_session_key(request)


def change_session_key(request: HttpRequest) -> None:
    """The old key opens nothing any more; the person's list of sessions follows."""
    before = request.session.session_key
    request.session.cycle_key()
    UserSession.objects.filter(session_key=before).update(session_key=request.session.session_key)
