"""What this floor announces; the floor above listens (see `enrollment.listeners`).

`profile_changed` is sent inside the transaction, with `profile` (a PayoutProfile or TaxProfile), `cause` (a short code
such as `payout_changed`, `validation_approved`, `validation_rejected`, `profile_archived`), `by` and `validation` (or None).
"""

from django.dispatch import Signal

profile_changed = Signal()
