"""The authenticator app that everybody in the demonstration has in their pocket: the portal shows its code itself.

So a visitor walks the pages that ask for a second factor as a partner's people do (rule ACC-9).
"""

import time
from dataclasses import dataclass, replace
from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.utils import decrypt

from accounts.models import User
from accounts.second_factor_forms import was_used


@dataclass(frozen=True, slots=True)
class Code:
    """What the app shows now, for how many seconds, and whether it has been used."""

    code: str
    seconds: int
    used: bool


def hand_out(user: User) -> None:
    """Gives a person an app and recovery codes, unless they have them."""
    if not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
        TOTP.activate(user, generate_totp_secret())
        RecoveryCodes.activate(user)


def code_of(user: Any) -> Code | None:
    """What the app of `user` shows; None for who has none."""
    app = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    if app is None:
        return None
    given = code_of_secret(decrypt(app.data["secret"]))
    return replace(given, used=was_used(given.code, app))


def code_of_secret(secret: str) -> Code:
    """What an app shows that holds this secret."""
    now, period = int(time.time()), app_settings.TOTP_PERIOD
    return Code(format_hotp_value(hotp_value(secret, now // period)), period - now % period, used=False)
