"""The home page: what a person has not read yet, what waits for whom, and what the partner should know."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.actor import Actor
from enrollment.links import Links
from enrollment.models import Notice
from enrollment.moments import in_words
from enrollment.policy import visible_to
from enrollment.queries.actions import Action, Viewer
from enrollment.queries.overview import URGENCY, as_read_by
from enrollment.status import ShownStatus, Status, Turn
from enrollment.wording import NOTICES, STATUS_LABELS, worded
from incentives_portal.core.fiscal import FiscalYear
from profiles.models import Validation

LISTED = 8
NEWEST = 5
COLUMNS = (
    "pk",
    "location__name",
    "location__mpn_id",
    "partner__legal_name",
    "program_name",
    "requirements",
    "reason",
    "mine",
    "shown",
)


@dataclass(frozen=True, slots=True)
class NoticeShown:
    """A notice in words; `alike` says how many it stands for."""

    pk: uuid.UUID
    title: str
    text: str
    when: str
    opened: bool
    alike: int = 1


@dataclass(frozen=True, slots=True)
class Waiting:
    """One enrollment of a list on the home page."""

    url: str
    program: str
    place: str
    shown: str
    label: str
    action: Action


@dataclass(frozen=True, slots=True)
class WaitingList:
    """The most urgent ones, and how many there are in all."""

    rows: tuple[Waiting, ...]
    count: int

    @property
    def more(self) -> int:
        return self.count - len(self.rows)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many enrollments of this fiscal year read a status."""

    status: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for the operator's reviewers."""

    waiting: int
    overdue: int


def notices_of(actor: Actor) -> QuerySet[Notice]:
    """What `actor` was told about enrollments that they still see, the newest first (rules INV-1, INV-4, ACC-6)."""
    notices = Notice.objects.filter(user=actor.user, enrollment__in=visible_to(actor))
    return notices.select_related("enrollment__program", "enrollment__location").order_by("-created_at", "-pk")


def shown_notice(notice: Notice, now: dt.datetime) -> NoticeShown:
    """The notice in the language of the page."""
    text = NOTICES[notice.kind]
    about = notice.enrollment
    place = str(about.location) if about.location else ""
    title = worded(text.title) % {"program": about.program.name, "place": place, "year": about.year}
    return NoticeShown(notice.pk, title, worded(text.sentence), in_words(notice.created_at, now), notice.opened_at is not None)


def news(actor: Actor, now: dt.datetime) -> tuple[list[NoticeShown], int]:
    """The newest that `actor` hasn't opened yet, and how many more there are; all that say *enrolled* are one row."""
    unread = notices_of(actor).filter(opened_at=None)
    counts = Counter(dict(unread.order_by().values_list("kind").annotate(n=Count("pk"))))
    together = counts[Notice.Kind.ENROLLED]
    if together < 2:
        return [shown_notice(one, now) for one in unread[:NEWEST]], max(0, counts.total() - NEWEST)
    others, latest = list(unread.exclude(kind=Notice.Kind.ENROLLED)[:NEWEST]), unread.filter(kind=Notice.Kind.ENROLLED)[0]
    found = sorted([*others, latest], key=lambda one: one.created_at, reverse=True)
    shown = [shown_together(one, together, now) if one == latest else shown_notice(one, now) for one in found]
    return shown, counts.total() - together - len(others)


def shown_together(latest: Notice, count: int, now: dt.datetime) -> NoticeShown:
    """Many notices of enrollments that are complete, as one."""
    title = _("%(count)s enrollments are complete") % {"count": count}
    return replace(shown_notice(latest, now), title=title, alike=count)


def waiting_for_partner(actor: Actor, year: FiscalYear, viewer: Viewer) -> WaitingList:
    """What the viewer can do something about now, the next deadline first."""
    rows = as_read_by(actor).filter(mine=True, fiscal_year=year.ends_in, status__in=[Status.ACTION_REQUIRED, Status.INVITED])
    return _listed(
        rows.order_by(F("respond_by").asc(nulls_last=True), "status", "location__name", "program__code"), viewer, Turn.PARTNER
    )


def waiting_for_operator(actor: Actor, year: FiscalYear, viewer: Viewer) -> WaitingList:
    """What the operator validates for the viewer."""
    rows = as_read_by(actor).filter(mine=True, fiscal_year=year.ends_in, status=Status.VALIDATING)
    return _listed(rows.order_by("status_since", "pk"), viewer, Turn.OPERATOR)


def _listed(rows: QuerySet[Any], viewer: Viewer, turn: Turn) -> WaitingList:
    found = list(rows.values(*COLUMNS)[: LISTED + 1])
    count = len(found) if len(found) <= LISTED else rows.count()
    return WaitingList(tuple(_waiting(row, viewer) for row in found[:LISTED]), count)


def _waiting(row: dict[str, Any], viewer: Viewer) -> Waiting:
    place = f"{row['location__name']} · {row['location__mpn_id']}" if row["location__name"] else row["partner__legal_name"]
    return Waiting(
        url=viewer.links.to("enrollment", row["pk"]),
        program=row["program_name"],
        place=place,
        shown=row["shown"],
        label=str(STATUS_LABELS[row["shown"]]),
        action=viewer.action(row["pk"], row["requirements"], mine=row["mine"], owner="", reason=row["reason"]),
    )


def tallies(actor: Actor, year: FiscalYear) -> tuple[Tally, ...]:
    """This year's enrollments by status as the viewer reads it, the most urgent first."""
    counted = as_read_by(actor).filter(fiscal_year=year.ends_in).order_by().values_list("shown").annotate(n=Count("pk"))
    numbers: dict[str, int] = dict(counted)
    order: Sequence[ShownStatus] = list(URGENCY)
    return tuple(Tally(shown, str(STATUS_LABELS[shown]), numbers[shown]) for shown in order if numbers.get(shown))


def review_queue(now: dt.datetime) -> Queue:
    """Validations that are not decided, and those past their 48 hours (rule VAL-4)."""
    counts = Validation.objects.filter(decision=Validation.Decision.OPEN).aggregate(
        waiting=Count("pk"), overdue=Count("pk", filter=Q(due_at__lt=now))
    )
    return Queue(**counts)


def viewer_at(now: dt.datetime) -> Viewer:
    return Viewer(now, Links())
