"""What this floor announces; the floor above listens (see `enrollment.listeners`).

`profiles_changed` is sent inside the transaction, with `changed` (a list of `Changed`, in the order in which they happened),
`cause` (a short code such as `payout_changed`, `validation_approved`, `validation_rejected`, `profile_archived`) and `by`.
One change and five hundred are announced alike.
"""

import uuid
from dataclasses import dataclass
from typing import Protocol

from django.dispatch import Signal

from profiles.models import PayoutProfile, TaxProfile
from profiles.models.validation import Kind

profiles_changed = Signal()


class Reviewed(Protocol):
    """A validation, read as a row or only as far as others hear of it."""

    @property
    def pk(self) -> uuid.UUID: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def profile_id(self) -> uuid.UUID: ...
    @property
    def paying_entity(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Changed:
    """A profile that changed itself, or one of which a validation began, was decided or was reopened, and for whom that was."""

    kind: Kind
    profile_id: uuid.UUID
    paying_entity: str = ""
    profile: PayoutProfile | TaxProfile | None = None
