"""The operator's page (rule OPS-1): how far enrolling has come, what waits on whom, mails, runs. A fixed number of queries.

The enrollments of a year are counted in one grouped statement, and what it counted is kept for a minute.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext as _
from django_countries import countries

from enrollment.models import Program
from incentives_portal.core import clock, outbox
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.gauges import every_gauge
from incentives_portal.core.models import Mail, Run
from incentives_portal.core.pulse import Pulse, pulse

KEPT_SECONDS = 60
WIDTH, HEIGHT, STEP = 600, 120, 22
MAIL_DAYS, RUNS, LETTERS = 14, 12, 20
STEPS = ("invited", "accepted", "submitted", "enrolled")

_FUNNEL = """
SELECT e.program_id::text, l.country,
    count(*) FILTER (WHERE e.invited_at IS NOT NULL), count(*) FILTER (WHERE e.accepted_at IS NOT NULL),
    count(*) FILTER (WHERE e.submitted_at IS NOT NULL), count(*) FILTER (WHERE e.status = 'enrolled')
FROM enrollment_enrollment e JOIN accounts_location l ON l.id = e.location_id
WHERE e.fiscal_year = %s AND e.invited_at IS NOT NULL GROUP BY GROUPING SETS ((e.program_id), (l.country), ())
"""
# How long each status has stood: up to two days, a week, thirty days, and longer.
_WAITING = """
WITH clock AS MATERIALIZED (SELECT portal_now() AS moment)  -- once, and not for every row
SELECT status, count(*),
    count(*) FILTER (WHERE age <= interval '2 days'), count(*) FILTER (WHERE age > interval '2 days' AND age <= interval '7 days'),
    count(*) FILTER (WHERE age > interval '7 days' AND age <= interval '30 days'), count(*) FILTER (WHERE age > interval '30 days')
FROM (
    SELECT status, (SELECT moment FROM clock) - status_since AS age FROM enrollment_enrollment
    WHERE fiscal_year = %s AND status IN ('invited', 'action_required', 'validating')
) AS waiting GROUP BY status
"""


@dataclass(frozen=True, slots=True)
class Level:
    """One step of a funnel: its words, how many came so far, how many that is of the invited, and its bar."""

    label: str
    count: int
    percent: int
    width: float
    y: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """How far the invited of one program, one country or all of them came."""

    name: str
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits on somebody, and how long it has: up to two days, a week, thirty days, longer."""

    what: str
    whom: str
    count: int
    ages: tuple[int, ...]
    width: float


@dataclass(frozen=True, slots=True)
class Day:
    """The mails sent on one day, with the bar of its picture."""

    day: str
    count: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Operations:
    """The page."""

    year: str
    all: Funnel
    by_program: tuple[Funnel, ...]
    by_country: tuple[Funnel, ...]
    waiting: tuple[Waiting, ...]
    figures: dict[str, Any]
    pulse: Pulse | None
    mails: tuple[Day, ...]
    dead: tuple[Mail, ...]
    runs: tuple[Run, ...]


def operations() -> Operations:
    """The figures of this moment; those of enrollments may be a minute old."""
    year = FiscalYear.of(clock.today())
    rows = _kept("funnel", _FUNNEL, year)
    names = {str(program.pk): f"{program.name}" for program in Program.objects.all()}
    programs = [(names.get(key, key), counts) for key, country, *counts in rows if key]
    places = [(str(countries.name(country) or country), counts) for key, country, *counts in rows if country]
    (whole,) = [counts for key, country, *counts in rows if not key and not country] or [[0, 0, 0, 0]]
    return Operations(
        str(year),
        _funnel(_("All programs"), whole),
        tuple(_funnel(name, counts) for name, counts in sorted(programs)),
        tuple(_funnel(name, counts) for name, counts in sorted(places)),
        _waiting(_kept("waiting", _WAITING, year)),
        _figures(),
        pulse(),
        _mails_by_day(),
        tuple(outbox.dead_letters()[:LETTERS]),
        tuple(Run.objects.order_by("-id")[:RUNS]),
    )


# They are read from `pulse` once, and from the funnel.
NOT_HERE = frozenset({"portal_workers_alive", "portal_beat_last_turn_seconds", "portal_enrollments"})


def _figures() -> dict[str, Any]:
    """The gauges by their names: a whole number each, or one for every value of the label."""
    found: dict[str, Any] = {}
    for one in every_gauge():
        if one.name not in NOT_HERE:
            counted = {value: int(number) for value, number in one.count()}
            found[one.name.removeprefix("portal_")] = counted if one.label else counted.get("", 0)
    return found


def _kept(name: str, sql: str, year: FiscalYear) -> list[tuple[Any, ...]]:
    """What the statement counted, a minute ago at most."""
    rows: list[tuple[Any, ...]] | None = cache.get(key := f"operations:{name}:{year}")
    if rows is None:
        cache.set(key, rows := _asked(sql, year), KEPT_SECONDS)
    return rows


def _asked(sql: str, year: FiscalYear) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [year.ends_in])
        return list(cursor.fetchall())


def _funnel(name: str, counts: list[int]) -> Funnel:
    labels = (_("Invited"), _("Accepted"), _("Submitted for validation"), _("Enrolled"))
    most = max(counts[0], 1)
    levels = tuple(
        Level(label, count, round(100 * count / most), round(WIDTH * count / most, 1), STEP * index)
        for index, (label, count) in enumerate(zip(labels, counts, strict=True))
    )
    return Funnel(name, levels)


def _waiting(rows: list[tuple[Any, ...]]) -> tuple[Waiting, ...]:
    words = {
        "invited": (_("Invitations without an answer"), _("partners")),
        "action_required": (_("Accepted, something is missing"), _("partners")),
        "validating": (_("Validating enrollment"), _("reviewers")),
    }
    counted = {status: counts for status, *counts in rows}
    most = max([counts[0] for counts in counted.values()], default=0) or 1
    found = [(words[status], counted.get(status, [0] * 5)) for status in words]
    return tuple(
        Waiting(what, whom, counts[0], tuple(counts[1:]), round(WIDTH * counts[0] / most, 1)) for (what, whom), counts in found
    )


def _mails_by_day() -> tuple[Day, ...]:
    """What was sent on each of the last days, in the operator's time zone."""
    zone = timezone.get_default_timezone()
    today = clock.today()
    days = [today - dt.timedelta(days=back) for back in range(MAIL_DAYS - 1, -1, -1)]
    sent = Mail.objects.filter(state=Mail.State.SENT, sent_at__gte=clock.start_of(days[0]))
    counted = dict(sent.values_list(TruncDate("sent_at", tzinfo=zone)).annotate(Count("pk")).order_by())
    most, step = max(counted.values(), default=0) or 1, WIDTH / MAIL_DAYS
    return tuple(_day(day.isoformat(), counted.get(day, 0), index, most, step) for index, day in enumerate(days))


def _day(label: str, count: int, index: int, most: int, step: float) -> Day:
    height = round(HEIGHT * count / most, 1)
    return Day(label, count, round(index * step, 1), round(HEIGHT - height, 1), round(step * 0.8, 1), height)
