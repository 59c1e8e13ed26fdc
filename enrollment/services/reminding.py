"""Invitations that nobody answers: reminders by threshold crossed, and passing on to somebody else (rule INV-7).

Both go by what is true today and not by the day on which they run, so that an outage loses nothing and nothing comes twice:
a reminder's key names its threshold, and an invitation is passed on once.
"""

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from enrollment.announcing import Audience, audiences, key_of, tell
from enrollment.derivation import lock
from enrollment.models import Enrollment, FiscalYearOffer, Invitation, Notice
from enrollment.moments import parsed
from enrollment.services.invitations import announce_to
from enrollment.status import Status
from incentives_portal.core import audit, clock
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.locks import alone
from incentives_portal.core.models import Mail
from profiles.services.reminders import threshold_crossed

BATCH = 200


@dataclass(slots=True)
class Reminded:
    """What a run did, or would do."""

    reminders: int = 0
    passed_on: int = 0
    nobody_left: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def remind(*, by: Any = SYSTEM, dry_run: bool = False) -> Reminded | None:
    """Reminds of every invitation whose deadline is near and passes on those that nobody opened. None while another run does.

    Twice is the same as once. With `dry_run` it only counts.
    """
    done = Reminded()
    with alone("remind_invitations") as free:
        if not free:
            return None
        for ids in _batches(_near_deadline()):
            done.reminders += _remind(ids, dry_run=dry_run)
        for ids in _batches(_to_pass_on()):
            _pass_on(ids, done, by=by, dry_run=dry_run)
    return done


def _batches(rows: QuerySet[Enrollment]) -> Iterator[list[uuid.UUID]]:
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


def _waiting() -> QuerySet[Enrollment]:
    """Open invitations that people were told of (rule INV-3)."""
    return Enrollment.objects.filter(status=Status.INVITED, program__open_to_all=False)


def _within(days: int) -> Q:
    """Whose last day to answer, of their own or of the program's window, is at most so many days away."""
    last = clock.today() + dt.timedelta(days=days)
    closing = FiscalYearOffer.objects.filter(program=OuterRef("program"), fiscal_year=OuterRef("fiscal_year"), closes_on__lte=last)
    return Q(respond_by__lte=last) | Q(Exists(closing))


def _near_deadline() -> QuerySet[Enrollment]:
    thresholds = settings.INVITATION_REMINDER_DAYS
    return _waiting().filter(_within(max(thresholds))) if thresholds else Enrollment.objects.none()


def deadline_of(row: Enrollment) -> dt.date | None:
    """The last day to answer, as the status rule found it."""
    for requirement in row.requirements:
        deadline = parsed(requirement.get("deadline"))
        if requirement["key"] == "invitation" and isinstance(deadline, dt.date):
            return deadline
    return None


def _threshold(row: Enrollment, today: dt.date) -> tuple[int, dt.date] | None:
    """The threshold that is true today, and the deadline; none that was crossed before the invitation came."""
    deadline = deadline_of(row)
    if deadline is None or row.invited_at is None:
        return None
    given = (deadline - clock.date_of(row.invited_at)).days
    thresholds = [days for days in settings.INVITATION_REMINDER_DAYS if days < given]
    crossed = threshold_crossed((deadline - today).days, thresholds)
    return None if crossed is None else (crossed, deadline)


@transaction.atomic
def _remind(ids: Sequence[uuid.UUID], *, dry_run: bool) -> int:
    """Owes each person one reminder per threshold; who can't act, because there is no incentives admin, is asked for one."""
    today, keys = clock.today(), dict[str, tuple[Enrollment, Any, Notice.Kind, dt.date]]()
    rows = [row for row in lock(ids) if row.status == Status.INVITED]
    found = audiences(rows) if rows else {}
    for row in rows:
        crossed, audience = _threshold(row, today), found[row.pk]
        if crossed is None:
            continue
        kind = Notice.Kind.REMINDER if audience.admins else Notice.Kind.ASSIGN_ADMIN
        for user in audience.admins or audience.assigners:
            keys[f"{key_of(Notice.Kind.REMINDER, row)}{user.pk}:{crossed[0]}"] = (row, user, kind, crossed[1])
    told = set(Notice.objects.filter(key__in=keys).values_list("key", flat=True))
    for key, (row, user, kind, deadline) in keys.items():
        if key not in told and not dry_run:
            tell(row, user, kind, key=key, deadline=deadline)
    return len(keys.keys() - told)


def _to_pass_on() -> QuerySet[Any]:
    """Open invitations that none of those told has opened, and that time or the mail server say won't be."""
    told = Notice.objects.filter(enrollment=OuterRef("pk"), kind=Notice.Kind.INVITATION, created_at__gte=OuterRef("invited_at"))
    opened = told.filter(Q(opened_at__isnull=False) | Q(followed_at__isnull=False))
    dead = Mail.objects.filter(key=OuterRef("key"), state=Mail.State.DEAD)
    now = clock.now()
    # Whoever was invited with little time to answer has a day to open it all the same.
    near = _within(settings.INVITATION_PASS_ON_BEFORE_DAYS) & Q(invited_at__lte=now - dt.timedelta(days=1))
    late = Q(invited_at__lte=now - dt.timedelta(days=settings.INVITATION_PASS_ON_AFTER_DAYS)) | near
    here = Invitation.objects.filter(enrollment=OuterRef("pk"), withdrawn_at=None, passed_on_at=None)
    refused = Exists(told) & ~Exists(told.filter(~Exists(dead)))
    return (
        _waiting()
        .filter(Exists(here), Exists(told), ~Exists(opened))
        .annotate(is_refused=refused)
        .filter(Q(is_refused=True) | late)
    )


@transaction.atomic
def _pass_on(ids: Sequence[uuid.UUID], done: Reminded, *, by: Any, dry_run: bool) -> None:
    refused = dict(_to_pass_on().filter(pk__in=ids).values_list("pk", "is_refused"))
    rows = [row for row in lock(ids) if row.pk in refused]
    found = audiences(rows) if rows else {}
    told = _told(rows)
    for row in rows:
        others = _others(found[row.pk], told.get(row.pk, set()))
        done.passed_on += bool(others)
        done.nobody_left += not others
        if not dry_run:
            _tell_others(row, found[row.pk], others, "refused" if refused[row.pk] else "unopened", by)


def _told(rows: Sequence[Enrollment]) -> dict[uuid.UUID, set[Any]]:
    """Who was told of the present invitation of each row."""
    told: dict[uuid.UUID, set[Any]] = {}
    notices = Notice.objects.filter(enrollment__in=[row.pk for row in rows], created_at__gte=F("enrollment__invited_at"))
    for enrollment_id, user_id in notices.values_list("enrollment_id", "user_id"):
        told.setdefault(enrollment_id, set()).add(user_id)
    return told


def _others(audience: Audience, told: set[Any]) -> tuple[Any, ...]:
    """Incentives admins in scope who weren't told yet, else those who can assign another one."""
    fresh = tuple(user for user in audience.admins if user.pk not in told)
    return fresh or tuple(user for user in audience.assigners if user.pk not in told)


def _tell_others(row: Enrollment, audience: Audience, others: Sequence[Any], why: str, by: Any) -> None:
    admins = {user.pk for user in audience.admins}
    for user in others:
        if user.pk in admins:
            announce_to(user=user, enrollments=[row])
        else:
            key = f"{key_of(Notice.Kind.UNANSWERED, row)}{user.pk}"
            tell(row, user, Notice.Kind.UNANSWERED, key=key, deadline=deadline_of(row))
    Invitation.objects.filter(enrollment=row, withdrawn_at=None).update(passed_on_at=clock.now())
    audit.record("invitation.passed_on", row, by=by, after={"why": why, "told": [str(user) for user in others]})
