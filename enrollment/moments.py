"""Days and moments in words: *23 November 14:05*, *about 31 hours left*."""

import datetime as dt
from functools import lru_cache

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, ngettext

Moment = dt.date | dt.datetime
HOUR = dt.timedelta(hours=1)


def parsed(stored: str | None) -> Moment | None:
    """A day or a moment as requirements store it."""
    if not stored:
        return None
    return dt.date.fromisoformat(stored) if len(stored) == 10 else dt.datetime.fromisoformat(stored)


def in_words(moment: Moment, now: dt.datetime) -> str:
    """The day, with the time where there is one, and with the year where it isn't this one."""
    is_time = isinstance(moment, dt.datetime)
    local = timezone.localtime(moment) if isinstance(moment, dt.datetime) else moment
    pattern = "j F" if local.year == timezone.localtime(now).year else "j F Y"
    return _formatted(local, f"{pattern} H:i" if is_time else pattern, get_language() or "en")


@lru_cache(maxsize=2048)
def _formatted(local: Moment, pattern: str, language: str) -> str:
    return date_format(local, pattern)


def time_left(until: dt.datetime, now: dt.datetime) -> str:
    """How long is left, roughly: *about 31 hours left*; empty when nothing is."""
    left = until - now
    if left <= dt.timedelta():
        return ""
    if left < HOUR:
        return gettext("less than an hour left")
    hours = round(left / HOUR)
    return ngettext("about %(hours)d hour left", "about %(hours)d hours left", hours) % {"hours": hours}


def is_over(moment: Moment, now: dt.datetime) -> bool:
    """Whether a deadline has passed; a day has when it is over."""
    if isinstance(moment, dt.datetime):
        return moment < now
    return moment < timezone.localtime(now).date()
