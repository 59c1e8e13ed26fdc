import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import User
from incentives_portal.core import audit, clock
from incentives_portal.core.fragments import sql
from incentives_portal.core.secrets import CannotDecryptError
from incentives_portal.core.unreadable import note
from profiles import checks, mails
from profiles.announcements import Reviewed
from profiles.errors import (
    AlreadyDecidedError,
    ClaimedError,
    CoolingOffError,
    NoteError,
    ReasonsError,
    SecondReviewerError,
    SupersededError,
    UnansweredError,
    UnreadableError,
)
from profiles.fields import labels_of
from profiles.models import Validation, ValidationCheck, ValidationReason
from profiles.notes import holds_a_number
from profiles.providers import configured
from profiles.reasons import REASONS
from profiles.services import versions
from profiles.services.cooling_off import cooling_off_until
from profiles.subjects import subject_of

from .claiming import refuse_own_request

Reason = tuple[str, str, str]
# What the audit log says of a decision, named as `str()` of the validation names it.
_DECIDED = """
SELECT v.id, concat(coalesce(p.name, t.name), ' · ', v.paying_entity) AS name, v.partner_id, NULL::jsonb AS before,
    jsonb_build_object('version', coalesce(pv.number, tv.number), 'paying_entity', v.paying_entity) || %s::jsonb AS after
FROM unnest(%s::uuid[]) WITH ORDINALITY AS decided (id, place) JOIN profiles_validation v USING (id)
LEFT JOIN profiles_payoutprofileversion pv ON pv.id = v.payout_version_id
LEFT JOIN profiles_payoutprofile p ON p.id = pv.profile_id
LEFT JOIN profiles_taxprofileversion tv ON tv.id = v.tax_version_id
LEFT JOIN profiles_taxprofile t ON t.id = tv.profile_id
ORDER BY decided.place
"""


@transaction.atomic
def approve(*, validation: Validation, by: User) -> Validation:
    """Approves the version that was reviewed (rule VAL-5). Raises a DecisionError.

    Over a threshold of flags the first approval is kept, and the next one, by somebody else, decides.
    """
    locked = lock(validation)
    refuse_unless_decidable(locked, by)
    refuse_while_cooling_off(locked)
    _refuse_unanswered(locked)
    _refuse_unreadable(locked)
    if needs_second(locked):
        if locked.first_approved_by_id is None:
            return _store_first(locked, by)
        if locked.first_approved_by_id == by.pk:
            raise SecondReviewerError
    return _decide(locked, Validation.Decision.APPROVED, by)


@transaction.atomic
def reject(*, validation: Validation, reasons: Sequence[Reason], by: User) -> Validation:
    """Rejects with a coded reason per field, as (field, code, note), mailed to the incentives admins (rule VAL-3).

    Raises a DecisionError.
    """
    locked = lock(validation)
    refuse_unless_decidable(locked, by)
    _refuse_bad_reasons(locked, reasons)
    rows = [ValidationReason(validation=locked, field=field, code=code, note=note.strip()) for field, code, note in reasons]
    ValidationReason.objects.bulk_create(rows)
    mails.tell_rejected(locked, rows)
    return _decide(locked, Validation.Decision.REJECTED, by, {row.field: row.code for row in rows})


def needs_second(validation: Validation) -> bool:
    """Whether two reviewers must approve: so many of the checks didn't pass (setting SECOND_REVIEW_FROM_FLAGS)."""
    least = settings.SECOND_REVIEW_FROM_FLAGS
    if not least:
        return False
    if validation.first_approved_by_id is not None:
        return True
    if validation.checked_at is None:  # a reviewer was faster than the sweep
        return bool(sum(found.outcome != "passed" for found in checks.run(subject_of(validation))) >= least)
    return bool(validation.checks.exclude(outcome=ValidationCheck.Outcome.PASSED).count() >= least)


def _decide(locked: Validation, decision: Validation.Decision, by: User, reasons: dict[str, str] | None = None) -> Validation:
    for name, value in store([locked], decision, by=by, reasons=reasons).items():
        setattr(locked, name, value)
    return locked


def _store_first(validation: Validation, by: User) -> Validation:
    validation.first_approved_by, validation.first_approved_at = by, clock.now()
    validation.claimed_by = validation.claimed_until = None
    validation.save(update_fields=["first_approved_by", "first_approved_at", "claimed_by", "claimed_until"])
    audit.record("validation.first_approved", validation, by=by, after={"version": validation.version.number})
    return validation


def lock(validation: Validation, *, skip_locked: bool = False) -> Validation:
    """The validation as it stands now, its profile locked first and then itself.

    Raises DoesNotExist where either is locked and `skip_locked` is asked for.
    """
    profile = validation.profile
    type(profile)._base_manager.select_for_update(skip_locked=skip_locked, no_key=True).get(pk=profile.pk)
    rows = Validation.objects.select_for_update(of=("self",), skip_locked=skip_locked)
    return rows.select_related("payout_version__profile", "tax_version__profile").get(pk=validation.pk)


def refuse_superseded(validation: Validation) -> None:
    """Raises SupersededError unless the version is still what would be paid to (rule VAL-5)."""
    profile = validation.profile
    newest = profile.latest_id == validation.version.pk and profile.archived_at is None
    if validation.decision == Validation.Decision.SUPERSEDED or not newest:
        raise SupersededError


def refuse_unless_decidable(validation: Validation, by: User) -> None:
    """Raises the DecisionError that tells why `by` can't decide this now."""
    refuse_superseded(validation)
    if validation.decision != Validation.Decision.OPEN:
        raise AlreadyDecidedError
    versions.refuse_frozen(validation.profile)
    refuse_own_request(validation, by)
    held = validation.claimed_until is not None and validation.claimed_until >= clock.now()
    if held and validation.claimed_by_id != by.pk:
        raise ClaimedError


def refuse_while_cooling_off(validation: Validation) -> None:
    """Raises CoolingOffError where a changed account may not be approved yet (rule PAY-5)."""
    until = cooling_off_until(validation.version)
    if until is not None:
        moment = date_format(localtime(until), "DATETIME_FORMAT")
        raise CoolingOffError(_("A changed account can't be approved before %(moment)s.") % {"moment": moment})


def _refuse_unanswered(validation: Validation) -> None:
    """What the provider finds is known before anybody approves; after its last attempt the checks say that nobody answered.

    Raises UnansweredError.
    """
    if validation.checked_at is None and configured() is not None:
        raise UnansweredError


def _refuse_unreadable(validation: Validation) -> None:
    """Nobody could be paid by numbers that nobody can read. Raises UnreadableError."""
    try:
        validation.version.read_identifiers()
    except CannotDecryptError as error:
        note(error)
        raise UnreadableError from None


def _refuse_bad_reasons(validation: Validation, reasons: Sequence[Reason]) -> None:
    fields = [field for field, _code, _note in reasons]
    known = labels_of(validation.version)
    if not fields or len(set(fields)) != len(fields) or not known.keys() >= set(fields):
        raise ReasonsError
    if any(code not in REASONS or (code == "other" and not note.strip()) for _field, code, note in reasons):
        raise ReasonsError
    if any(holds_a_number(note) for _field, _code, note in reasons):
        raise NoteError


def store(
    validations: Sequence[Reviewed], decision: Validation.Decision, *, by: Any, reasons: dict[str, str] | None = None, **also: Any
) -> dict[str, Any]:
    """Writes one decision on all of them, with the columns of `also`, and tells the floor above. Returns what was written.

    The caller holds the locks and has refused what must be refused.
    """
    written = {"decision": decision, "decided_at": clock.now(), "decided_by": audit.person(by), "claimed_by": None}
    written |= {"claimed_until": None, **also}
    ids = [one.pk for one in validations]
    Validation.objects.filter(pk__among=ids).update(**written)
    told = json.dumps({"reasons": reasons} if reasons else {})
    audit.record_each(f"validation.{decision.value}", Validation, sql(_DECIDED, told, ids), by=by)
    versions.announce_validations(validations, f"validation_{decision.value}", by=by)
    return written
