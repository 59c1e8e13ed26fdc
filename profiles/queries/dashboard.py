"""The 48-hour clock in numbers (rules VAL-1, VAL-4): what waits, how long decisions took, and how long what waits will take."""

import datetime as dt
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _

from incentives_portal.core import clock
from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.templatetags.time_left import about
from profiles.models import Validation
from profiles.models.validation import UNDECIDED

DAYS = 30
# Of the pictures, in their own units.
WIDTH, HEIGHT = 600, 160


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a picture, with the words and the number of its row in the table beside it."""

    label: str
    count: int
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """The dashboard."""

    waiting: int
    overdue: int
    decided: int
    p50: str
    p90: str
    days_to_clear: float | None
    by_day: tuple[Bar, ...]
    by_wait: tuple[Bar, ...]
    first_day: dt.date
    last_day: dt.date

    @property
    def most_in_a_day(self) -> int:
        return max(bar.count for bar in self.by_day)


def dashboard_of() -> Figures:
    """The figures of this moment; decisions are those of the last 30 days, the automatic ones included."""
    open_ones = Validation.objects.filter(UNDECIDED)
    waiting, overdue = open_ones.count(), open_ones.filter(due_at__lt=DatabaseNow()).count()
    p50, p90 = _percentiles()
    days = _decided_by_day()
    decided = sum(count for _day, count in days)
    return Figures(
        waiting,
        overdue,
        decided,
        about(p50) if p50 is not None else "–",
        about(p90) if p90 is not None else "–",
        round(waiting * DAYS / decided, 1) if decided else None,
        _upright([(day.isoformat(), count) for day, count in days]),
        _lying(_waiting_by_time_left()),
        days[0][0],
        days[-1][0],
    )


def _percentiles() -> tuple[dt.timedelta | None, dt.timedelta | None]:
    """The median and the ninetieth percentile of the time from submission to decision."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY decided_at - submitted_at),"
            " percentile_cont(0.9) WITHIN GROUP (ORDER BY decided_at - submitted_at) FROM profiles_validation"
            " WHERE decision IN ('approved', 'rejected') AND decided_at > portal_now() - %s * interval '1 day'",
            [DAYS],
        )
        p50, p90 = cursor.fetchone()
    return p50, p90


def _decided_by_day() -> list[tuple[dt.date, int]]:
    """Decisions of each of the last 30 days, in the operator's time zone, the days without one included."""
    today = clock.today()
    days = [today - dt.timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    decided = Validation.objects.filter(decision__in=["approved", "rejected"], decided_at__gte=clock.start_of(days[0]))
    counts = dict.fromkeys(days, 0)
    for moment in decided.values_list("decided_at", flat=True).iterator():
        assert moment is not None
        day = clock.date_of(moment)
        counts[day] = counts.get(day, 0) + 1
    return list(counts.items())


def _waiting_by_time_left() -> list[tuple[str, int]]:
    """What waits, by the time that is left."""
    now = clock.now()
    left = [
        (due_at - now) / dt.timedelta(hours=1) for due_at in Validation.objects.filter(UNDECIDED).values_list("due_at", flat=True)
    ]
    return [
        (_("Overdue"), sum(hours < 0 for hours in left)),
        (_("Less than 12 hours left"), sum(0 <= hours < 12 for hours in left)),
        (_("12 to 24 hours left"), sum(12 <= hours < 24 for hours in left)),
        (_("More than a day left"), sum(hours >= 24 for hours in left)),
    ]


def _upright(rows: list[tuple[str, int]]) -> tuple[Bar, ...]:
    most, step = max([count for _label, count in rows], default=0) or 1, WIDTH / max(len(rows), 1)
    heights = [round(count / most * HEIGHT, 1) for _label, count in rows]
    return tuple(
        Bar(label, count, round(index * step, 1), round(HEIGHT - height, 1), round(step * 0.8, 1), height)
        for index, ((label, count), height) in enumerate(zip(rows, heights, strict=True))
    )


def _lying(rows: list[tuple[str, int]]) -> tuple[Bar, ...]:
    most = max([count for _label, count in rows], default=0) or 1
    return tuple(Bar(label, count, width=round(count / most * WIDTH, 1)) for label, count in rows)
