"""The forms that ask for a second factor. A code counts once, whichever process sees it and whatever Redis forgot."""

from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.base import forms as codes
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn import forms as passkeys
from django import forms
from django.db import transaction
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext_lazy as _


class _OnceForm(codes.BaseAuthenticateForm):  # type: ignore[misc]
    """Leaves with the person's authenticator app the half minute whose code was used last; no earlier one counts again.

    allauth remembers used codes in the cache. That is Redis, which may be away or wiped; the row is neither.
    """

    def clean_code(self) -> str:
        typed = self.cleaned_data["code"]
        app = Authenticator.objects.filter(user=self.user, type=Authenticator.Type.TOTP).first()
        if app is not None and was_used(typed, app):
            raise _used()
        code: str = super().clean_code()
        if self.authenticator.type == Authenticator.Type.TOTP:
            self._use(typed)
        return code

    def _use(self, typed: str) -> None:
        with transaction.atomic():
            app = Authenticator.objects.select_for_update().get(pk=self.authenticator.pk)
            is_late = was_used(typed, app)
            app.data["last_period"] = max(app.data.get("last_period", 0), _period_of(typed, app) or 0)
            app.save(update_fields=["data"])
        if is_late:
            raise _used()


def was_used(typed: str, app: Authenticator) -> bool:
    """Whether this code of the app, or a later one, has been used."""
    period = _period_of(typed, app)
    return period is not None and period <= app.data.get("last_period", 0)


def _period_of(typed: str, app: Authenticator) -> int | None:
    """The half minute whose code was typed; None for what is no code of now."""
    secret = decrypt(app.data["secret"])
    for period in auth.yield_hotp_counters_from_time():
        if compare_user_code(actual=typed, expected=auth.format_hotp_value(auth.hotp_value(secret, period))):
            return int(period)
    return None


def _used() -> forms.ValidationError:
    return forms.ValidationError(_("This code has been used already. Wait for the next one."), code="used_code")


class AuthenticateForm(_OnceForm, codes.AuthenticateForm):  # type: ignore[misc]
    """The second step of signing in."""


class ReauthenticateForm(_OnceForm, codes.ReauthenticateForm):  # type: ignore[misc]
    """Confirming once more."""


class PasskeyField(forms.JSONField):
    """What the browser says of a passkey. Nonsense is refused in words, also where Python's own limits refuse to read it."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (ValueError, RecursionError) as nonsense:
            raise _unreadable() from nonsense

    def bound_data(self, data: Any, initial: Any) -> Any:
        """An answer counts once: the page that is shown again does not repeat it."""
        return InvalidJSONInput("")


class SignInPasskeyForm(passkeys.LoginWebAuthnForm):  # type: ignore[misc]
    credential = PasskeyField()


class ConfirmPasskeyForm(passkeys.AuthenticateWebAuthnForm):  # type: ignore[misc]
    credential = PasskeyField()


class ReauthenticatePasskeyForm(passkeys.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    credential = PasskeyField()


class AddPasskeyForm(passkeys.AddWebAuthnForm):  # type: ignore[misc]
    """Whether it can also be used without a password is asked in the portal's words."""

    credential = PasskeyField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _label(self.fields["name"])
        choice = self.fields["passwordless"]
        choice.label = _("Use it instead of the password, too")
        choice.help_text = _("The device then asks for your finger, face or PIN, and the sign-in page needs nothing else.")
        choice.initial = True

    def clean(self) -> dict[str, Any]:
        """Refuses nonsense in words, which the library stumbles over."""
        try:
            given: dict[str, Any] = super().clean()
        except (ValueError, KeyError) as nonsense:
            raise _unreadable() from nonsense
        return given


class RenamePasskeyForm(passkeys.EditWebAuthnForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _label(self.fields["name"])


def _unreadable() -> forms.ValidationError:
    return forms.ValidationError(_("The browser's answer about the passkey could not be read. Try again."))


def _label(name: forms.Field) -> None:
    name.label = _("Name of the passkey")
    name.help_text = _("So that you recognise the device, for example “Phone” or “Key ring”.")
    name.widget.attrs["maxlength"] = 100
