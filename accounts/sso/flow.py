"""There and back: to a partner's provider with state, nonce and PKCE, and back with a code that works once (rule ACC-5)."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Directory
from accounts.sso import fetching, tokens
from accounts.sso import provider as providers
from accounts.sso.provider import Provider

SESSION_KEY = "single_sign_on"
# How many sign-ins one browser may have begun at a time, in tabs side by side, and how long each may take.
MOST_BEGUN = 5
MINUTES = 15


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who is back from their provider: its word about them, when they last proved there who they are (0 where it
    does not say), and where they were going."""

    claims: dict[str, Any]
    proved_at: float
    next: str


def return_address(directory: Directory) -> str:
    """The redirect URI to register at the provider: one for each directory, so that no answer is taken for another's."""
    path = reverse("single_sign_on_return", args=[directory.key])
    return f"{settings.PORTAL_URL}{path}"


def begin(session: SessionBase, *, directory: Directory, next_page: str = "", hint: str = "", anew: bool = False) -> str:
    """The address at the provider to send the browser to. What must come back is kept in the session.

    `anew`: they must prove there once more who they are, whatever session they still have.
    """
    provider = providers.known(directory.issuer)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _each in range(3))
    begun = {
        "directory": directory.key,
        "nonce": nonce,
        "verifier": verifier,
        "next": next_page,
        "at": tokens.world_time(),
        "anew": anew,
    }
    held = dict(session.get(SESSION_KEY, {}))
    for oldest in sorted(held, key=lambda each: float(held[each]["at"]))[: max(0, len(held) - MOST_BEGUN + 1)]:
        del held[oldest]
    session[SESSION_KEY] = {**held, state: begun}
    question = {
        "response_type": "code",
        "response_mode": "query",
        "client_id": directory.client_id,
        "redirect_uri": return_address(directory),
        "scope": "openid email profile" + (" groups" if provider.has_groups_scope else ""),
        "state": state,
        "nonce": nonce,
        "code_challenge": _challenge(verifier),
        "code_challenge_method": "S256",
        **({"login_hint": hint} if hint else {}),
        **({"prompt": "login", "max_age": "0"} if anew else {}),
    }
    joint = "&" if "?" in provider.authorization_endpoint else "?"
    return f"{provider.authorization_endpoint}{joint}{urlencode(question)}"


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def finish(session: SessionBase, *, directory: Directory, answer: QueryDict) -> Arrival:
    """Takes the provider's answer. Each answer is taken once, by the browser that asked, at the directory that was asked.

    Raises ValidationError: code `state` where this browser did not begin this sign-in, or `issuer`, `provider`, `unreachable`
    and those of `tokens.verify`.
    """
    held = dict(session.get(SESSION_KEY, {}))
    begun = held.pop(answer.get("state", ""), None)
    session[SESSION_KEY] = held
    if begun is None and "error" in answer:
        # Some providers refuse without repeating our state; nothing is believed here but that word.
        raise _turned_away(str(answer.get("error")))
    if begun is None or begun["directory"] != directory.key or tokens.world_time() - float(begun["at"]) > MINUTES * 60:
        raise ValidationError(
            _("This sign-in was begun in another window or too long ago, or its answer was used before. Begin anew."), code="state"
        )
    provider = providers.known(directory.issuer)
    if answer.get("iss", provider.issuer) != provider.issuer or (provider.says_issuer and "iss" not in answer):
        raise ValidationError(_("The answer comes from another provider than the one that you were sent to."), code="issuer")
    code = str(answer.get("code", ""))
    if "error" in answer or not code:
        raise _turned_away(str(answer.get("error", "")))
    said = _redeem(directory, provider, code, str(begun["verifier"]))
    claims = tokens.verify(said["id_token"], provider=provider, client_id=directory.client_id, nonce=str(begun["nonce"]))
    proved_at = _proved_at(claims, begun)
    return Arrival(_completed(claims, directory, provider, said.get("access_token")), proved_at, str(begun["next"]))


def _proved_at(claims: dict[str, Any], begun: dict[str, Any]) -> float:
    """The token's `auth_time`. Asked anew it must say that it was now: what we asked stood in the browser's address line."""
    said = claims.get("auth_time")
    at = float(said) if tokens.is_time(said) else 0.0
    if begun.get("anew") and at < float(begun["at"]) - tokens.LEEWAY_SECONDS:
        raise ValidationError(
            _("Your provider does not say that you have just signed in there. Its admin can add the claim “auth_time”."),
            code="not_anew",
        )
    return at


def _redeem(directory: Directory, provider: Provider, code: str, verifier: str) -> dict[str, Any]:
    """What the provider gives for a code: the ID token, and a word to ask it more."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": return_address(directory),
        "code_verifier": verifier,
    }
    authorization, secret = "", directory.client_secret.reveal() if directory.client_secret else ""
    if provider.posts_secret or not secret:
        form |= {"client_id": directory.client_id, **({"client_secret": secret} if secret else {})}
    else:
        pair = f"{quote(directory.client_id, safe='')}:{quote(secret, safe='')}"
        authorization = f"Basic {base64.b64encode(pair.encode()).decode()}"
    status, said = fetching.fetch_json(provider.token_endpoint, form=form, authorization=authorization)
    if status != 200 or not isinstance(said.get("id_token"), str):
        raise _turned_away(str(said.get("error", "")))
    return said


def _completed(claims: dict[str, Any], directory: Directory, provider: Provider, access_token: Any) -> dict[str, Any]:
    """The claims with what the provider keeps for who asks it, as Okta does with addresses. What the signed token says stands.

    A provider that does not answer signs nobody in: without its groups everybody would lose their roles.
    """
    is_whole = "email" in claims and (directory.groups_claim in claims or "_claim_names" in claims)
    if is_whole or not provider.userinfo_endpoint or not isinstance(access_token, str):
        return claims
    status, more = fetching.fetch_json(provider.userinfo_endpoint, authorization=f"Bearer {access_token}")
    if status != 200 or more.get("sub") != claims["sub"]:
        raise _turned_away("")
    return {**more, **claims}


def _turned_away(error: str) -> ValidationError:
    """What the provider's own error comes to. Its description is not repeated: anybody can write one into an address."""
    words = {
        "access_denied": _("You, or your provider, declined this sign-in."),
        "login_required": _("Your provider wants you to sign in there first."),
        "invalid_client": _("Your provider refuses the portal's client secret. A global admin can enter a new one."),
        "invalid_grant": _("Your provider no longer accepts this sign-in's code. Begin anew."),
        "temporarily_unavailable": _("Your provider can't sign anybody in at the moment. Try again in a little while."),
        "server_error": _("Your provider can't sign anybody in at the moment. Try again in a little while."),
    }
    return ValidationError(words.get(error, _("Your provider did not complete this sign-in.")), code="provider")
