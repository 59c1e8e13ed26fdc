"""What this floor announces; the floor above listens (see `enrollment.listeners`).

`profiles_changed` is sent inside the transaction, with `changed` (a list of `Changed`, in the order in which they happened),
`cause` (a short code such as `payout_changed`, `validation_approved`, `validation_rejected`, `profile_archived`) and `by`.
One change and five hundred are announced alike.
"""

from dataclasses import dataclass

from django.dispatch import Signal

from profiles.models import PayoutProfile, TaxProfile, Validation

profiles_changed = Signal()


@dataclass(frozen=True, slots=True)
class Changed:
    """A profile, and the validation of it that began, was decided or was reopened, where that is what happened."""

    profile: PayoutProfile | TaxProfile
    validation: Validation | None = None
