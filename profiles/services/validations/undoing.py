import datetime as dt

from django.conf import settings
from django.db import transaction

from accounts.models import User
from incentives_portal.core import audit, clock, outbox
from profiles import mails
from profiles.errors import UndoError
from profiles.models import Validation
from profiles.services import versions

from .deciding import lock, refuse_superseded

MADE = {Validation.Decision.APPROVED, Validation.Decision.REJECTED}


@transaction.atomic
def undo(*, validation: Validation, by: User) -> Validation:
    """Takes back one's own decision, or one's own first approval, within a minute by the database's clock.

    The mails about it have waited so long and are withdrawn; the enrollments stand as before. The 48 hours run on as if
    nothing had been decided. Raises a DecisionError where the time has passed or something was built on the decision.
    """
    locked = lock(validation)
    refuse_superseded(locked)
    versions.refuse_frozen(locked.profile)
    if undoable_until(locked, by) is None:
        raise UndoError
    if not locked.decision:
        locked.first_approved_by = locked.first_approved_at = None
        locked.save(update_fields=["first_approved_by", "first_approved_at"])
        audit.record("validation.reopened", locked, by=by)
        return locked
    if not outbox.withdraw(keys=mails.rejected_key(locked)):
        raise UndoError
    return _reopen(locked, by)


def undoable_until(validation: Validation, by: User) -> dt.datetime | None:
    """Until when `by` may take back what they decided; None where they may not."""
    if validation.decision in MADE:
        decided_by, at = validation.decided_by_id, validation.decided_at
    elif not validation.decision:
        decided_by, at = validation.first_approved_by_id, validation.first_approved_at
    else:
        return None
    if decided_by != by.pk or at is None:
        return None
    until = at + dt.timedelta(seconds=settings.UNDO_SECONDS)
    return until if clock.now() < until else None


def _reopen(validation: Validation, by: User) -> Validation:
    before = {"outcome": validation.decision}
    validation.reasons.all().delete()
    validation.decision = Validation.Decision.OPEN
    validation.decided_at = validation.decided_by = None
    validation.save(update_fields=["decision", "decided_at", "decided_by"])
    audit.record("validation.reopened", validation, by=by, before=before)
    versions.announce_validations([validation], "validation_reopened", by=by)
    return validation
