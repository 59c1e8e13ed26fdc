"""What the audit log keeps of signing in (rule OPS-3): for the admins of every partner that the person belongs to.

No network address, no browser, nothing that was typed: entries can never be deleted, so they hold no more than the act. The address
that a provider claimed for somebody it could not sign in is kept (`services.directory_sign_in`): it is the provider's word.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import transaction

from accounts.models import Membership, User
from incentives_portal.core import audit, secrets

# As long as the sign-in's own limit on guessing: one entry per lockout, whatever the number of attempts.
LOCKOUT_SECONDS = 300


@transaction.atomic
def record(
    act: str,
    person: User,
    *,
    by: Any,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    only: UUID | None = None,
) -> None:
    """One entry for each partner that the person belongs to, or for one; for the operator's people one that is no partner's."""
    whom = {"person": person.email}
    partners: Iterable[UUID | None] = Membership.objects.filter(user=person, removed_at=None).values_list("partner_id", flat=True)
    for partner_id in [only] if only else list(partners) or [None]:
        audit.record(
            act,
            person,
            by=by,
            partner_id=partner_id,
            before=whom | before if before is not None else None,
            after=whom | after if after is not None else None if before is not None else whom,
        )


def record_blocked(email: str) -> None:
    """Signing in with this address is blocked for a while: too many wrong passwords.

    An address that nobody here has is kept as a fingerprint, and one entry stands for all of them: who guesses addresses can't
    fill a log that nobody can empty.
    """
    person = User.objects.filter(email=email.strip().lower()).first()
    if person is not None:
        if first_of_this_lockout("sign_in_blocked", person.pk):
            record("sign_in_blocked", person, by=audit.SYSTEM)
    elif first_of_this_lockout("sign_in_blocked", "unknown"):
        fingerprint = UUID(bytes=secrets.blind_index(email.strip().lower(), purpose="sign-in")[:16])
        audit.record("sign_in_blocked", User(pk=fingerprint), by=audit.SYSTEM)


def record_wrong_second_factor(person: User) -> None:
    """Somebody knew the password and not the second factor: the first of a run of attempts."""
    if first_of_this_lockout("second_factor_failed", person.pk):
        record("second_factor_failed", person, by=audit.SYSTEM)


def first_of_this_lockout(act: str, whom: UUID | str) -> bool:
    """Whether `act` is to be recorded for `whom`: once in a while, over all processes."""
    return bool(cache.add(f"audit:{act}:{whom}", True, LOCKOUT_SECONDS))
