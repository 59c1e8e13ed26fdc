"""What an OpenID provider says of itself: its addresses by discovery, and the keys that it signs with."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.sso import fetching

KEPT_SECONDS = 600
# How often, at most, a token with an unknown key makes the portal fetch the keys anew.
AGAIN_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Provider:
    """Where a provider is asked. `says_issuer`: its answers name it (RFC 9207), so that none is taken for another's.

    `has_groups_scope`: it tells of groups only to those who ask for them, as Okta does.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    posts_secret: bool
    says_issuer: bool
    userinfo_endpoint: str = ""
    has_groups_scope: bool = False


def discover(issuer: str) -> Provider:
    """What the provider publishes, fetched now. Raises ValidationError.

    The issuer is compared exactly, as the specification has it; a slash at the end, which people leave out, is forgiven here
    and nowhere else: `Provider.issuer` is what the provider calls itself.
    """
    status, said = fetching.fetch_json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    named = str(said.get("issuer", ""))
    if status != 200 or not named.isprintable() or not 0 < len(named) <= 300:
        raise ValidationError(_("There is no OpenID Connect provider at this address."), code="no_provider")
    if named.rstrip("/") != issuer.rstrip("/"):
        raise ValidationError(_("The provider at this address calls itself %(issuer)s.") % {"issuer": named}, code="issuer")
    addresses = {name: str(said.get(name, "")) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    userinfo = str(said.get("userinfo_endpoint") or "")
    for address in [*addresses.values(), *filter(None, [userinfo])]:
        fetching.require_outside(address)
    # Without the list, the specification says client_secret_basic.
    methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    scopes = said.get("scopes_supported")
    return Provider(
        issuer=named,
        **addresses,
        posts_secret="client_secret_basic" not in methods,
        says_issuer=said.get("authorization_response_iss_parameter_supported") is True,
        userinfo_endpoint=userinfo,
        has_groups_scope=isinstance(scopes, list) and "groups" in scopes,
    )


def known(issuer: str) -> Provider:
    """As `discover`, but kept for ten minutes, and exact to the letter."""
    key = _key("provider", issuer)
    kept = cache.get(key)
    if kept is None:
        kept = asdict(discover(issuer))
        cache.set(key, kept, KEPT_SECONDS)
    provider = Provider(**kept)
    if provider.issuer != issuer:
        raise ValidationError(
            _("The provider at this address calls itself %(issuer)s.") % {"issuer": provider.issuer}, code="issuer"
        )
    return provider


def keys_of(provider: Provider, *, kid: str | None) -> list[dict[str, Any]]:
    """The keys that may have signed a token with this `kid`; a key that is unknown yet is looked for once more (rotation)."""
    held = _fitting(_keys(provider), kid)
    if not held and cache.add(_key("again", provider.jwks_uri), 1, AGAIN_SECONDS):
        held = _fitting(_keys(provider, anew=True), kid)
    return held


def _fitting(keys: list[dict[str, Any]], kid: str | None) -> list[dict[str, Any]]:
    return [key for key in keys if key.get("use", "sig") == "sig" and (kid is None or key.get("kid") == kid)]


def _keys(provider: Provider, *, anew: bool = False) -> list[dict[str, Any]]:
    key = _key("keys", provider.jwks_uri)
    kept = None if anew else cache.get(key)
    if kept is None:
        _status, said = fetching.fetch_json(provider.jwks_uri)
        kept = [row for row in said.get("keys", []) if isinstance(row, dict)]
        cache.set(key, kept, KEPT_SECONDS)
    return list(kept)


def _key(kind: str, address: str) -> str:
    return f"sso:{kind}:{hashlib.sha256(address.encode()).hexdigest()}"
