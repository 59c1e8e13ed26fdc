"""What the portal changes about allauth: no open sign-up, mails by the outbox, and TOTP seeds encrypted at rest."""

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from accounts.actor import directory_required_of
from accounts.services import signing_in
from incentives_portal.core import outbox, rotation, secrets

# allauth hands over the text alone, so these are bound to their table and not to their row.
TOTP_PLACE = "mfa_authenticator/secret"


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

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Owes the mail (rule INV-6): a mail server that is away breaks no page, and tells nobody who has an account."""
        user = context.get("user")
        if user and template_prefix == "account/email/password_reset_key" and directory_required_of(user):
            template_prefix = "account/email/single_sign_on_required"
        language = user.language if user else translation.get_language() or settings.LANGUAGE_CODE
        site = _Portal(settings.PARTNER_CENTER_NAME, settings.PORTAL_URL)
        with translation.override(language):
            message = self.render_mail(template_prefix, email, {"email": email, "current_site": site, **context})
        outbox.owe(
            "sign_in",
            to=_Addressee(email, language),
            key=f"sign_in:{uuid.uuid4()}",
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
    """TOTP seeds and recovery codes are stored encrypted."""

    def encrypt(self, text: str) -> str:
        return secrets.encrypt(text, place=TOTP_PLACE).hex()

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.decrypt(rotation.from_hex(encrypted_text, place=TOTP_PLACE), place=TOTP_PLACE)
