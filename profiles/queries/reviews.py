"""The reviewers' queue, and the evidence beside a validation (rule VAL-2). No number in clear is read here."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from incentives_portal.core import clock
from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.templatetags.time_left import about
from profiles.checks import label_for
from profiles.fields import labels_of
from profiles.models import TaxProfile, Validation, ValidationCheck
from profiles.models.validation import UNDECIDED
from profiles.own_requests import is_own, own_requests_of
from profiles.reasons import text_for
from profiles.standing import counted_before

from .comparing import Compared, compared


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One validation that waits for a reviewer."""

    validation: Any
    url: str
    kind: str
    place: str
    flags: int
    overdue: bool
    left: str
    holder: str
    own: bool
    is_second: bool


def waiting(visible: QuerySet[Validation]) -> QuerySet[Validation]:
    """What is undecided, the most urgent first: what is due first, so that the overdue leads."""
    flags = Count("checks", filter=~Q(checks__outcome=ValidationCheck.Outcome.PASSED))
    return visible.filter(UNDECIDED).annotate(flags=flags).order_by("due_at", "pk")


def countries_of(visible: QuerySet[Validation]) -> set[str]:
    """The countries of what waits, for the filter."""
    rows = visible.filter(UNDECIDED).order_by().values_list("payout_version__bank_country", "tax_version__country").distinct()
    return {str(code) for row in rows for code in row if code}


def next_for(visible: QuerySet[Validation], reviewer: User, *, besides: Validation | None = None) -> Validation | None:
    """The most urgent one that the reviewer can take on: nobody's claim, not frozen, and not a request of their own."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=DatabaseNow()) | Q(claimed_by=reviewer)
    own = own_requests_of(reviewer) | Q(first_approved_by=reviewer)
    rows = waiting(visible).filter(free).exclude(payout_version__profile__frozen_at__isnull=False)
    rows = rows.exclude(pk__in=visible.filter(own).values("pk"))
    return (rows.exclude(pk=besides.pk) if besides else rows).first()


def undoable_by(visible: QuerySet[Validation], reviewer: User) -> list[Validation]:
    """What the reviewer decided just now and may take back, the latest first."""
    since = DatabaseNow() - dt.timedelta(seconds=settings.UNDO_SECONDS)
    decided = Q(decision__in=["approved", "rejected"], decided_by=reviewer, decided_at__gt=since)
    first = UNDECIDED & Q(first_approved_by=reviewer, first_approved_at__gt=since)
    return list(visible.filter(decided | first).order_by("-decided_at", "-first_approved_at")[:5])


def queue_rows(validations: Sequence[Any], reviewer: User) -> list[QueueRow]:
    """The rows of one page of the queue."""
    now = clock.now()
    return [_queue_row(validation, reviewer, now) for validation in validations]


def _queue_row(validation: Any, reviewer: User, now: dt.datetime) -> QueueRow:
    held = validation.claimed_until is not None and validation.claimed_until >= now
    profile = validation.profile
    overdue = validation.due_at < now
    words = _("overdue by %(time)s") if overdue else _("%(time)s left")
    return QueueRow(
        validation,
        reverse("review", args=[validation.pk]),
        kind=_("Tax profile") if isinstance(profile, TaxProfile) else _("Payout profile"),
        place=profile.location.name if isinstance(profile, TaxProfile) else "",
        flags=validation.flags,
        overdue=overdue,
        left=words % {"time": about(abs(validation.due_at - now))},
        holder=str(validation.claimed_by) if held else "",
        own=is_own(validation, reviewer, belongs=validation.is_of_own_partner) or validation.first_approved_by_id == reviewer.pk,
        is_second=validation.first_approved_by_id is not None,
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one automatic check found, and the field that it is about."""

    text: str
    outcome: str
    outcome_label: str
    field: str | Promise


def evidence_of(validation: Validation) -> list[Evidence]:
    """What the automatic checks found: what failed first, then the flags."""
    order = {ValidationCheck.Outcome.FAILED: 0, ValidationCheck.Outcome.FLAGGED: 1}
    labels = labels_of(validation.version)
    checks = sorted(validation.checks.all(), key=lambda check: (order.get(ValidationCheck.Outcome(check.outcome), 2), check.pk))
    return [
        Evidence(label_for(check.code), check.outcome, str(check.get_outcome_display()), labels.get(check.field, ""))
        for check in checks
    ]


def comparison_of(validation: Validation) -> tuple[list[Compared], bool]:
    """The version under review beside the one that it takes the place of, and whether there is one.

    Not beside the one just before: an account that was never validated doesn't become familiar by being saved twice (rule PAY-5).
    """
    previous = counted_before(validation.version, validation.paying_entity)
    return compared(validation.version, previous), previous is not None


def reasons_of(validation: Validation) -> list[tuple[str | Promise, str, str]]:
    """Why a validation was rejected: field, text and note."""
    labels = labels_of(validation.version)
    return [(labels.get(row.field, row.field), text_for(row.code), row.note) for row in validation.reasons.order_by("pk")]
