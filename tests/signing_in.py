"""Sessions as they are after signing in: with a second factor that is fresh, one that has grown old, or none."""

import hashlib
import secrets
import time

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY, record_authentication
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.http import HttpRequest
from django.test import Client
from fido2 import cose
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from accounts.models import User
from accounts.second_factor import has_one, must_have_one

BACKEND = "django.contrib.auth.backends.ModelBackend"


def sign_in(client: Client, user: User, *, second_factor: bool = True, kind: str = "totp", ago: float = 0) -> Client:
    """Signs `user` in, as one who gave a password and, unless told otherwise, a second factor, `ago` seconds ago."""
    client.force_login(user, backend=BACKEND)
    request = HttpRequest()
    request.session = session = client.session
    request.user = user
    record_authentication(request, user, method="password", email=user.email)
    if second_factor:
        record_authentication(request, user, method="mfa", type=kind)
        if kind != "directory" and must_have_one(user) and not has_one(user):
            passkey_of(user)
    for record in session[AUTHENTICATION_METHODS_SESSION_KEY]:
        record["at"] -= ago
    session.save()
    return client


def grow_old(client: Client) -> None:
    """Whatever this session confirmed is no longer fresh."""
    session = client.session
    for record in session[AUTHENTICATION_METHODS_SESSION_KEY]:
        record["at"] -= settings.FRESH_SECOND_FACTOR_SECONDS
    session.save()


def app_of(user: User) -> str:
    """Gives `user` an authenticator app and recovery codes; its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return secret


def code_now(secret: str) -> str:
    """What an app with this secret shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // app_settings.TOTP_PERIOD))


def passkey_of(user: User, name: str = "Phone") -> Authenticator:
    """Gives `user` a passkey, as some device registered it long ago; none can use it here."""
    key = cose.ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    credential = AttestedCredentialData.create(Aaguid.NONE, secrets.token_bytes(16), key)
    data = AuthenticatorData.create(hashlib.sha256(b"localhost").digest(), 0x45, 0, bytes(credential))
    attestation = AttestationObject.create("none", data, {})
    asked = CollectedClientData.create(type="webauthn.create", challenge=b"c" * 16, origin="http://localhost")
    answer = {"clientDataJSON": websafe_encode(bytes(asked)), "attestationObject": websafe_encode(bytes(attestation))}
    given = {
        "id": websafe_encode(credential.credential_id),
        "rawId": websafe_encode(credential.credential_id),
        "type": "public-key",
        "response": answer,
        "clientExtensionResults": {"credProps": {"rk": True}},
    }
    return Authenticator.objects.create(user=user, type="webauthn", data={"name": name, "credential": given})
