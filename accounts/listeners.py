"""What happens at the entrance, as allauth announces it, and its place in the audit log (rule OPS-3)."""

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from accounts.services import signing_in


@receiver(account.user_logged_in)
def signed_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """With what, in the order in which it was given."""
    given = request.session.get("account_authentication_methods", [])
    methods = [str(one.get("type") or one.get("method")) for one in given]
    signing_in.record("signed_in", user, by=user, after={"methods": methods} if methods else None)


@receiver(account.password_changed)
@receiver(account.password_set)
def password_changed(user: User, **kwargs: Any) -> None:
    signing_in.record("password_changed", user, by=user)


@receiver(account.password_reset)
def password_reset(user: User, **kwargs: Any) -> None:
    signing_in.record("password_reset", user, by=user)


@receiver(mfa.authenticator_added)
def second_factor_added(user: User, authenticator: Any, **kwargs: Any) -> None:
    signing_in.record("second_factor_added", user, by=user, after={"kind": str(authenticator.type)})


@receiver(mfa.authenticator_removed)
def second_factor_removed(user: User, authenticator: Any, **kwargs: Any) -> None:
    signing_in.record("second_factor_removed", user, by=user, before={"kind": str(authenticator.type)})


@receiver(mfa.authenticator_reset)
def second_factor_renewed(user: User, authenticator: Any, **kwargs: Any) -> None:
    signing_in.record("second_factor_renewed", user, by=user, after={"kind": str(authenticator.type)})


@receiver(mfa.authentication_failed)
def second_factor_failed(user: User, **kwargs: Any) -> None:
    signing_in.record_wrong_second_factor(user)
