"""What the portal changes about allauth: no open sign-up, and TOTP seeds encrypted at rest."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from incentives_portal.core import secrets

TOTP_PLACE = "mfa_authenticator/secret"


class AccountAdapter(DefaultAccountAdapter):
    """People join by team invitation, single sign-on or provisioning, never by signing themselves up (rule ACC-5)."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SecondFactorAdapter(DefaultMFAAdapter):
    """TOTP seeds and recovery codes are stored encrypted."""

    def encrypt(self, text: str) -> str:
        return secrets.encrypt(text, place=TOTP_PLACE).hex()

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.decrypt(bytes.fromhex(encrypted_text), place=TOTP_PLACE)
