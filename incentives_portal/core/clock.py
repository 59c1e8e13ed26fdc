"""The one clock of the portal: the database's, moved by one row.

Whatever is stored or decided asks `now()`, which PostgreSQL answers, so that two machines with
different clocks agree. The row `core_clock` holds a shift that is zero in production; the
demonstration and the tests move it (rule OPS-2). Inside SQL the same moment is `portal_now()`,
in querysets `DatabaseNow()`.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection, models
from django.db.models.expressions import Func
from django.utils import timezone


class DatabaseNow(Func):
    """`portal_now()` in a queryset: the transaction's time plus the shift."""

    function = "portal_now"
    template = "%(function)s()"
    output_field = models.DateTimeField()


class DatabaseToday(Func):
    """The portal's date in a queryset, in the time zone of the operator (setting TIME_ZONE)."""

    function = "portal_today"
    output_field = models.DateField()

    def __init__(self) -> None:
        super().__init__(models.Value(settings.TIME_ZONE))


def now() -> dt.datetime:
    """The portal's time, aware, in UTC; within a transaction it stands still."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT portal_now()")
        (moment,) = cursor.fetchone()
    return moment  # type: ignore[no-any-return]


def today() -> dt.date:
    """The portal's date in the time zone of the operator (setting TIME_ZONE)."""
    return date_of(now())


def date_of(moment: dt.datetime) -> dt.date:
    """The date of `moment` in the time zone of the operator."""
    return moment.astimezone(timezone.get_default_timezone()).date()


def start_of(day: dt.date) -> dt.datetime:
    """The first moment of `day` in the time zone of the operator, aware."""
    return dt.datetime.combine(day, dt.time(), tzinfo=timezone.get_default_timezone())


def shift() -> dt.timedelta:
    """How far the portal's clock is ahead of the machine's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT shift FROM core_clock")
        row = cursor.fetchone()
    return row[0] if row else dt.timedelta()


def move(*, by: dt.timedelta) -> None:
    """Moves the clock forward (or back, in tests). Refused outside of demonstration and tests by the caller."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_clock SET shift = shift + %s * interval '1 second'", [by.total_seconds()])


def move_to(moment: dt.datetime) -> None:
    """Moves the clock so that it now reads `moment`; from there it runs on."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_clock SET shift = %s - transaction_timestamp()", [moment])


@contextmanager
def moved_to(moment: dt.datetime) -> Iterator[None]:
    """Runs a block at another time and moves the clock back afterwards."""
    before = shift()
    move_to(moment)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE core_clock SET shift = %s * interval '1 second'", [before.total_seconds()])
