import uuid
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import ExpressionWrapper, QuerySet
from django.db.models.fields import DateTimeField

from incentives_portal.core import audit
from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.waking import wake_on_commit
from profiles.errors import StaleError
from profiles.models import PayoutProfile, PayoutProfileVersion, TaxProfile, TaxProfileVersion, Validation, ValidationCheck
from profiles.models.validation import VALIDATION_TIME
from profiles.services import versions

TASK = "profiles.tasks.run_validations"


@transaction.atomic
def start(
    *, payout_version: PayoutProfileVersion | None = None, tax_version: TaxProfileVersion | None = None, paying_entity: str, by: Any
) -> Validation:
    """Starts the validation of one version for one paying entity; the one that exists is returned (rule VAL-1).

    Due 48 hours later, both times by the database's clock in one statement. The caller holds the profile's lock.
    Raises StaleError for a version that isn't the latest.
    """
    version = payout_version or tax_version
    assert version is not None
    if not _is_latest(version):
        raise StaleError
    start_all([version], paying_entity=paying_entity, by=by)
    return Validation.objects.get(payout_version=payout_version, tax_version=tax_version, paying_entity=paying_entity)


@transaction.atomic
def start_all(latest: Iterable[PayoutProfileVersion | TaxProfileVersion], *, paying_entity: str, by: Any) -> int:
    """The same for many, which are known to be the latest of their profiles; returns how many began.

    A fixed number of queries, whatever the number of versions.
    """
    made = [_begun(version, paying_entity, by) for version in latest]
    # INSERT … ON CONFLICT DO NOTHING: of two submissions at once one starts it, and both get it.
    Validation.objects.bulk_create(made, ignore_conflicts=True)
    begun = Validation.objects.select_related("payout_version__profile", "tax_version__profile").in_bulk([one.pk for one in made])
    audit.record_all(audit.entry_of("validation.started", one, by=by, after=_told(one)) for one in begun.values())
    # Others may have chosen the same profile and not submitted yet: for them, too, it is now the operator's turn.
    versions.announce_validations(begun.values(), "validation_started", by=by)
    if begun:
        # Only a hint: the sweep finds the row anyway, broker or not.
        wake_on_commit(TASK)
    return len(begun)


def _begun(version: PayoutProfileVersion | TaxProfileVersion, paying_entity: str, by: Any) -> Validation:
    is_payout = isinstance(version, PayoutProfileVersion)
    return Validation(
        id=uuid.uuid4(),
        partner_id=version.profile.partner_id,
        **{"payout_version" if is_payout else "tax_version": version},
        paying_entity=paying_entity,
        submitted_by=audit.person(by),
        submitted_at=DatabaseNow(),
        due_at=ExpressionWrapper(DatabaseNow() + VALIDATION_TIME, output_field=DateTimeField()),
    )


def _told(begun: Validation) -> dict[str, Any]:
    return {"version": begun.version.number, "paying_entity": begun.paying_entity, "due_at": begun.due_at.isoformat()}


def start_again(version: PayoutProfileVersion) -> None:
    """Opens anew what was superseded by a change that is taken back (rule PAY-5), with 48 hours from now."""
    open_anew(Validation.objects.filter(payout_version=version, decision=Validation.Decision.SUPERSEDED))


def open_anew(decided: QuerySet[Validation]) -> None:
    """As if they began only now: nothing is checked, nobody has decided, and there are 48 hours."""
    ValidationCheck.objects.filter(validation__in=decided).delete()
    decided.update(
        decision=Validation.Decision.OPEN,
        decided_at=None,
        decided_by=None,
        checked_at=None,
        overdue_since=None,
        escalated_at=None,
        first_approved_by=None,
        first_approved_at=None,
        ask_token=None,
        asked_until=None,
        ask_after=None,
        ask_attempts=0,
        submitted_at=DatabaseNow(),
        due_at=ExpressionWrapper(DatabaseNow() + VALIDATION_TIME, output_field=DateTimeField()),
    )
    wake_on_commit(TASK)


def _is_latest(version: PayoutProfileVersion | TaxProfileVersion) -> bool:
    profiles = PayoutProfile.objects if isinstance(version, PayoutProfileVersion) else TaxProfile.objects
    return profiles.filter(pk=version.profile_id, latest=version.pk).exists()
