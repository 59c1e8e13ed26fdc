"""The ID token: what of it is checked before a word of it is believed."""

import hmac
import warnings
from typing import Any, TypeGuard

import jwt
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from jwt.exceptions import InvalidAudienceError, InvalidIssuerError, PyJWTError
from jwt.warnings import InsecureKeyLengthWarning

from accounts.sso.provider import Provider, keys_of
from incentives_portal.core import clock

# Signed with the provider's private key. Never `none`, and no HS256: its key would be the client secret.
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
LEEWAY_SECONDS = 60
# Ways of signing in (RFC 8176) that say a second factor took part; `ngcmfa` is Microsoft Entra's name for a fresh one.
SECOND_FACTORS = frozenset({"mfa", "otp", "hwk", "sc", "fido", "ngcmfa"})
FRESH_SECONDS = 300


def world_time() -> float:
    """Seconds since 1970 by the database's clock, without the demonstration's shift: providers stamp their tokens by the
    world's time."""
    return (clock.now() - clock.shift()).timestamp()


def verify(token: str, *, provider: Provider, client_id: str, nonce: str) -> dict[str, Any]:
    """The claims of an ID token that this provider signed, for us, just now, in answer to this sign-in.

    Raises ValidationError with one of the codes signature, audience, issuer, nonce, expired, early, subject.
    """
    claims = _signed(token, provider, client_id)
    _check_party(claims, client_id)
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(errors="replace"), nonce.encode()):
        raise _refused("nonce")
    _check_times(claims)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
        raise _refused("subject")
    return claims


def _signed(token: str, provider: Provider, client_id: str) -> dict[str, Any]:
    # Times are checked by the portal's own clock, not by the library's.
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_sub": False, "verify_jti": False}
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise _refused("signature")
        for key in keys_of(provider, kid=header.get("kid")):
            if key.get("alg", algorithm) != algorithm:
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("error", InsecureKeyLengthWarning)
                try:
                    public = jwt.PyJWK(key, algorithm=algorithm)
                    return jwt.decode(
                        token, public, algorithms=[algorithm], audience=client_id, issuer=provider.issuer, options=options
                    )
                except (jwt.InvalidSignatureError, jwt.InvalidKeyError, jwt.PyJWKError, InsecureKeyLengthWarning):
                    continue
    except InvalidAudienceError:
        raise _refused("audience") from None
    except InvalidIssuerError:
        raise _refused("issuer") from None
    except (PyJWTError, ValueError, TypeError, RecursionError):
        raise _refused("signature") from None
    raise _refused("signature")


def _check_party(claims: dict[str, Any], client_id: str) -> None:
    """A token for several parties must say that it was made for us."""
    several = isinstance(claims.get("aud"), list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != client_id:
        raise _refused("audience")


def _check_times(claims: dict[str, Any]) -> None:
    now = world_time()
    expires, issued, begins = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    if not (is_time(expires) and is_time(issued) and is_time(begins)):
        raise _refused("expired")
    if expires + LEEWAY_SECONDS <= now:
        raise _refused("expired")
    if max(issued, begins) - LEEWAY_SECONDS > now:
        raise _refused("early")


def is_time(value: Any) -> TypeGuard[float]:
    """Whether a claim is a moment: a number, as JSON has them."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def fresh_second_factor_at(claims: dict[str, Any]) -> float | None:
    """When the provider last saw a second factor of this person, where it says so and that is minutes ago; else None."""
    used, at = claims.get("amr"), claims.get("auth_time")
    if not isinstance(used, list) or not is_time(at):
        return None
    is_fresh = -LEEWAY_SECONDS <= world_time() - at <= FRESH_SECONDS
    return float(at) if is_fresh and SECOND_FACTORS & {str(way) for way in used} else None


def _refused(code: str) -> ValidationError:
    words = {
        "signature": _("Your provider's answer isn't signed with a key of your provider."),
        "audience": _("Your provider's answer is meant for another application. The client ID may be another application's."),
        "issuer": _("The answer comes from another provider than the one that you were sent to."),
        "nonce": _("Your provider's answer belongs to another sign-in than this one."),
        "expired": _("Your provider's answer has expired. Its clock, or this one's, may be wrong."),
        "early": _("Your provider's answer lies in the future. Its clock, or this one's, may be wrong."),
        "subject": _("Your provider's answer does not say who you are."),
    }
    return ValidationError(words[code], code=code)
