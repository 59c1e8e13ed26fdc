"""The full numbers of a payout profile, for who keeps it (rule PAY-3). Everywhere else they are shown by their last characters."""

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from incentives_portal.core import audit
from profiles.errors import ArchivedError
from profiles.models import PayoutProfile
from profiles.services import versions


@transaction.atomic
@sensitive_variables()
def reveal(*, profile: PayoutProfile, by: User) -> dict[str, str]:
    """The numbers of the latest version by kind; that they were shown is in the audit log, or they aren't shown.

    Raises ArchivedError, and FrozenError: who is robbed isn't told what the robber typed, nor the robber what stood there.
    """
    locked = versions.lock(profile)
    if locked.archived_at is not None or locked.latest is None:
        raise ArchivedError
    versions.refuse_frozen(locked)
    numbers = locked.latest.read_identifiers()
    audit.record("payout_profile.revealed", locked, by=by, after={"version": locked.latest.number})
    return numbers
