"""What finds the same account or tax number at another partner without anybody reading it (rule VAL-6)."""

from collections.abc import Mapping
from typing import Any

from django.views.decorators.debug import sensitive_variables

from incentives_portal.core import rotation
from incentives_portal.core.keys import index_keys
from incentives_portal.core.secrets import CannotDecryptError, blind_indexes
from profiles.identifiers.checking import canonical, canonical_tax
from profiles.models import PayoutProfileVersion


@sensitive_variables()
def of_payout(numbers: Mapping[str, str], *, country: str) -> list[bytes]:
    """An account's fingerprints, the newest key's first; none where there is no account."""
    return blind_indexes(canonical(numbers, country=country), purpose="payout") if numbers else []


@sensitive_variables()
def of_tax(numbers: Mapping[str, str], *, country: str) -> list[bytes]:
    """A tax number's fingerprints, the newest key's first."""
    return blind_indexes(canonical_tax(numbers, country=country), purpose="tax")


def of_version(version: Any) -> list[bytes]:
    """A stored version's fingerprints under every key of the index. Raises CannotDecryptError."""
    numbers = version.read_identifiers()
    if isinstance(version, PayoutProfileVersion):
        return of_payout(numbers, country=str(version.bank_country))
    return of_tax(numbers, country=str(version.country))


@sensitive_variables()
def alike(version: Any) -> set[bytes]:
    """What the same number's fingerprint may be in another row, also while the key of the index is being changed."""
    stored = {bytes(version.fingerprint)} if version.fingerprint is not None else set()
    try:
        return stored | set(of_version(version)) if len(index_keys()) > 1 else stored
    except CannotDecryptError:
        return stored


def are_same(one: Any, other: Any) -> bool:
    """Whether two versions have the same number."""
    return bytes(one.fingerprint or b"") == bytes(other.fingerprint or b"") or bool(alike(one) & alike(other))


def register() -> None:
    """Lets `rotate_keys --fingerprints` make them anew."""
    for model in ("profiles.PayoutProfileVersion", "profiles.TaxProfileVersion"):
        rotation.fingerprinted(model, "fingerprint", lambda version: next(iter(of_version(version)), None))
