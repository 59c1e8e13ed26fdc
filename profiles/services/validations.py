"""Starting and deciding validations (rules VAL-1…6)."""

from typing import Any

from profiles.models import PayoutProfileVersion, TaxProfileVersion, Validation


def start(
    *, payout_version: PayoutProfileVersion | None = None, tax_version: TaxProfileVersion | None = None, paying_entity: str, by: Any
) -> Validation:
    """Starts the validation of one version for one paying entity; the one that exists is returned."""
    raise NotImplementedError
