"""What changing a payout profile and changing a tax profile have in common.

Lock order everywhere: the profile row, then its validations. Submitting an enrollment takes the profile row's lock too, so
that neither a change nor a decision can slip between what was submitted and what is validated.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Max, Q

from incentives_portal.core import audit
from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.secrets import CannotDecryptError
from incentives_portal.core.unreadable import note
from profiles.announcements import Changed, Reviewed, profiles_changed
from profiles.errors import ArchivedError, FrozenError, InUseError, NameTakenError, StaleError
from profiles.models import DefaultBankProfile, PayoutProfile, TaxProfile, Validation
from profiles.models.validation import Kind
from profiles.usage import AnyProfile, live_usage_of

P = TypeVar("P", PayoutProfile, TaxProfile)
NAME_CONSTRAINTS = ("payout_name_once", "tax_name_once")


def lock(profile: P) -> P:
    """The profile as it stands now, locked until the transaction ends."""
    # Not the key: a row that merely refers to the profile, as a rollover writes them, needn't wait and can't deadlock with us.
    rows = type(profile)._default_manager.select_for_update(of=("self",), no_key=True)
    return rows.select_related("latest").get(pk=profile.pk)


def readable_identifiers(version: Any) -> dict[str, str]:
    """A version's identifiers, or none where they can't be decrypted: whoever changes the profile then types them all again."""
    try:
        return version.read_identifiers()  # type: ignore[no-any-return]
    except CannotDecryptError as error:
        note(error)
        return {}


def lock_to_change(profile: P, seen_version: int) -> P:
    """The locked profile. Raises ArchivedError, FrozenError, or StaleError where `seen_version` isn't the latest any more."""
    locked = lock(profile)
    if locked.archived_at is not None:
        raise ArchivedError
    refuse_frozen(locked)
    if locked.latest is None or locked.latest.number != seen_version:
        raise StaleError
    return locked


def refuse_frozen(profile: AnyProfile) -> None:
    """Raises FrozenError where a change of the bank details was reported and that isn't settled (rule PAY-5)."""
    if isinstance(profile, PayoutProfile) and profile.frozen_at is not None:
        raise FrozenError


def next_number(profile: AnyProfile) -> int:
    """The number of the next version: one more than any before it, those that were taken back included."""
    versions: Any = profile.versions
    return int(versions.aggregate(last=Max("number"))["last"] or 0) + 1


def save_named(profile: AnyProfile) -> None:
    """Saves a new or renamed profile. Raises NameTakenError."""
    try:
        with transaction.atomic():
            profile.save()
    except IntegrityError as error:
        if any(name in str(error) for name in NAME_CONSTRAINTS):
            raise NameTakenError from None
        raise


def validations_of(profile: AnyProfile) -> Q:
    """The validations of every version of a profile."""
    if isinstance(profile, PayoutProfile):
        return Q(payout_version__profile=profile)
    return Q(tax_version__profile=profile)


def supersede_open(profile: AnyProfile) -> int:
    """Closes what is still under review: it speaks of a version that nobody will be paid by (rule VAL-5)."""
    still_open = Validation.objects.filter(validations_of(profile), decision=Validation.Decision.OPEN)
    return still_open.update(decision=Validation.Decision.SUPERSEDED, decided_at=DatabaseNow(), claimed_by=None, claimed_until=None)


def announce(profile: AnyProfile, cause: str, *, by: Any) -> None:
    """Tells the floor above, inside the transaction: who uses the profile is derived anew or nothing happens at all."""
    kind: Kind = "payout" if isinstance(profile, PayoutProfile) else "tax"
    _announce([Changed(kind, profile.pk, profile=profile)], cause, by)


def announce_validations(validations: Iterable[Reviewed], cause: str, *, by: Any) -> None:
    """The same of what became of validations, all at once."""
    _announce([Changed(one.kind, one.profile_id, one.paying_entity) for one in validations], cause, by)


def _announce(changed: list[Changed], cause: str, by: Any) -> None:
    if changed:
        profiles_changed.send(sender=Changed, changed=changed, cause=cause, by=by)


@transaction.atomic
def archive(profile: P, *, by: Any) -> P:
    """Archives a profile that nothing uses (rule PAY-4). Twice is the same as once. Raises InUseError, FrozenError."""
    locked = lock(profile)
    if locked.archived_at is not None:
        return locked
    refuse_frozen(locked)
    places = _places_that_use(locked)
    if places:
        raise InUseError(", ".join(places))
    supersede_open(locked)
    locked.archived_at = DatabaseNow()
    locked.save(update_fields=["archived_at"])
    locked.refresh_from_db(fields=["archived_at"])
    noun = "payout_profile" if isinstance(locked, PayoutProfile) else "tax_profile"
    audit.record(f"{noun}.archived", locked, by=by)
    announce(locked, "profile_archived", by=by)
    return locked


def _places_that_use(profile: AnyProfile) -> list[str]:
    """Live enrollments and default bank profiles, by name."""
    places = [row.label for row in live_usage_of(profile)]
    if isinstance(profile, PayoutProfile):
        defaults = DefaultBankProfile.objects.filter(payout_profile=profile).select_related("location").order_by("location__name")
        places += [str(default.location) for default in defaults]
    return places
