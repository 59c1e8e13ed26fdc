import datetime as dt
import uuid

from django.db import transaction
from django.db.models import Q

from accounts.models import Membership, User
from incentives_portal.core import audit
from incentives_portal.core.clock import DatabaseNow
from profiles.errors import AlreadyDecidedError, ClaimedError, OwnRequestError
from profiles.models import Validation
from profiles.models.validation import UNDECIDED

CLAIM_TIME = dt.timedelta(minutes=15)


def refuse_own_request(validation: Validation, by: User) -> None:
    """Nobody decides on what they submitted or wrote, nor for a partner that they belong to (section 2 of the rules).

    Raises OwnRequestError. The database repeats the first part.
    """
    own = by.pk in {validation.submitted_by_id, validation.version.created_by_id, validation.profile.created_by_id}
    if own or is_own_partner(by, validation.partner_id):
        raise OwnRequestError


def is_own_partner(by: User, partner_id: uuid.UUID) -> bool:
    """Whether `by` belongs to the partner, or once did."""
    return Membership.objects.filter(user=by, partner_id=partner_id).exists()


@transaction.atomic
def claim(*, validation: Validation, by: User) -> Validation:
    """Takes a validation for 15 minutes, so that no two reviewers work on it (rule VAL-2); claiming again prolongs it.

    Raises OwnRequestError, AlreadyDecidedError, ClaimedError.
    """
    refuse_own_request(validation, by)
    free = Q(claimed_until=None) | Q(claimed_until__lt=DatabaseNow()) | Q(claimed_by=by)
    mine = Validation.objects.filter(UNDECIDED, free, pk=validation.pk)
    # One conditional UPDATE: of two reviewers at once one gets it.
    if not mine.update(claimed_by=by, claimed_until=DatabaseNow() + CLAIM_TIME):
        validation.refresh_from_db()
        raise AlreadyDecidedError if validation.decision else ClaimedError
    audit.record("validation.claimed", validation, by=by)
    validation.refresh_from_db()
    return validation


@transaction.atomic
def release(*, validation: Validation, by: User) -> Validation:
    """Gives a claimed validation back. What somebody else holds stays theirs."""
    held = Validation.objects.filter(UNDECIDED, pk=validation.pk, claimed_by=by, claimed_until__isnull=False)
    if held.update(claimed_by=None, claimed_until=None):
        audit.record("validation.released", validation, by=by)
    validation.refresh_from_db()
    return validation
