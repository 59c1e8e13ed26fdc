import datetime as dt

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from incentives_portal.core import audit
from incentives_portal.core.clock import DatabaseNow
from profiles.errors import AlreadyDecidedError, ClaimedError, OwnRequestError
from profiles.models import Validation
from profiles.models.validation import UNDECIDED
from profiles.own_requests import belongs_to, is_own

CLAIM_TIME = dt.timedelta(minutes=15)


def refuse_own_request(validation: Validation, by: User) -> None:
    """Raises OwnRequestError where `by` has a part in the request (see `own_requests`); the database repeats a part of it."""
    if is_own(validation, by, belongs=belongs_to(by, validation.partner_id)):
        raise OwnRequestError


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
