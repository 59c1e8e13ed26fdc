"""What the portal changes about allauth: no open sign-up, mails by the outbox, and TOTP seeds encrypted at rest."""

import ipaddress
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import second_factor
from accounts.actor import directory_required_of
from accounts.models import User
from accounts.services import signing_in
from incentives_portal.core import outbox, rotation, secrets

# allauth hands over the text alone, so these are bound to their table and not to their row.
TOTP_PLACE = "mfa_authenticator/secret"

# How somebody can confirm that it is them, by allauth's names.
_WAYS = {
    "reauthenticate": _("Use your password"),
    "mfa_reauthenticate": _("Use the authenticator app or a recovery code"),
    "mfa_reauthenticate:webauthn": _("Use a passkey"),
}


@dataclass(frozen=True, slots=True)
class _Portal:
    """What allauth's mails call the site. Never the Host header: that is whatever the asker says."""

    name: str
    domain: str


@dataclass(slots=True)
class _Addressee:
    """Where a mail about signing in goes: perhaps to somebody who has no account."""

    email: str
    language: str
    name: str = ""


class AccountAdapter(DefaultAccountAdapter):
    """People join by team invitation, single sign-on or provisioning, never by signing themselves up (rule ACC-5)."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuses who guesses passwords; the partner's admins read of it (rule OPS-3)."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            signing_in.record_blocked(str(credentials.get("email") or ""))
            raise

    def format_email_subject(self, subject: str) -> str:
        return subject

    def get_reset_password_from_key_url(self, key: str) -> str:
        """On the portal's own address, whatever host the request named."""
        return f"{settings.PORTAL_URL}{urlsplit(super().get_reset_password_from_key_url(key)).path}"

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """Where a partner requires its directory, a password or passkey lets nobody in, and the page says what does."""
        directory = directory_required_of(user)
        if directory is not None:
            clear_login(request)
            return render(request, "accounts/single_sign_on_required.html", {"directory": directory}, status=403)
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Who has a second factor confirms with that alone: a password may be known to somebody else."""
        ways: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if user.is_authenticated and second_factor.has_one(user):
            ways = [way for way in ways if way["id"] != "reauthenticate"]
        return [way | {"description": _WAYS[way["id"]]} for way in ways if way["id"] in _WAYS]

    def is_reauthentication_required(self, *, app: str) -> bool:
        """Signing in a moment ago counts as much as confirming does."""
        return not second_factor.is_proved_enough(context.request)

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """In the language of the person whom it is about."""
        super().send_notification_mail(template_prefix, user, {"user": user, **(context or {})}, email or user.email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Owes the mail (rule INV-6): a mail server that is away breaks no page, and tells nobody who has an account."""
        user = context.get("user")
        if user and template_prefix == "account/email/password_reset_key" and directory_required_of(user):
            template_prefix = "account/email/single_sign_on_required"
        language = user.language if user else translation.get_language() or settings.LANGUAGE_CODE
        site = _Portal(settings.PARTNER_CENTER_NAME, settings.PORTAL_URL)
        with translation.override(language):
            message = self.render_mail(
                template_prefix, email, {"email": email, "current_site": site, "support_email": settings.SUPPORT_EMAIL, **context}
            )
        outbox.owe(
            "sign_in",
            to=_Addressee(email, language),
            key=f"sign_in:{uuid.uuid4()}",
            is_secret=True,
            context={"subject": message.subject, "body": message.body},
        )


class SessionsAdapter(DefaultUserSessionsAdapter):
    """Sessions that a person ends are in the audit log (rule OPS-3)."""

    def end_sessions(self, sessions: list[UserSession]) -> None:
        super().end_sessions(sessions)
        if sessions:
            person = sessions[0].user
            signing_in.record("sessions_ended", person, by=person, after={"sessions": len(sessions)})


class SecondFactorAdapter(DefaultMFAAdapter):
    """TOTP seeds and recovery codes are stored encrypted; passkeys belong to the portal's own name."""

    def encrypt(self, text: str) -> str:
        return secrets.encrypt(text, place=TOTP_PLACE).hex()

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.decrypt(rotation.from_hex(encrypted_text, place=TOTP_PLACE), place=TOTP_PLACE)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys are bound to the host of PORTAL_URL, whatever name the portal was asked by.

        An address of numbers can have no passkeys: there, as in the demonstration, the name that the browser used counts.
        """
        host = urlsplit(settings.PORTAL_URL).hostname or ""
        return {"id": _asked_host(context.request) if _is_number(host) else host, "name": settings.PARTNER_CENTER_NAME}

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        return gettext("Passkey %(number)d") % {"number": Authenticator.objects.filter(user=user, type=type).count() + 1}


def _asked_host(request: HttpRequest) -> str:
    return request.get_host().rpartition(":")[0] or request.get_host()


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
