"""How long until a moment, in words, by the portal's clock."""

import datetime as dt
from dataclasses import dataclass

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incentives_portal.core import clock

register = template.Library()


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """What a page says about a due time. `spent` is the share of the time that has passed, in per cent."""

    words: str
    overdue: bool
    spent: int


@register.filter
def time_left(until: dt.datetime, since: dt.datetime | None = None) -> TimeLeft:
    """The time from now until `until`; with `since`, how much of the whole is spent (rule VAL-1)."""
    left = until - clock.now()
    overdue = left < dt.timedelta(0)
    share = 1 - left / (until - since) if since and since < until else 0
    words = _("overdue by %(time)s") if overdue else _("%(time)s left")
    return TimeLeft(words % {"time": about(abs(left))}, overdue, round(100 * min(max(share, 0), 1)))


def about(span: dt.timedelta) -> str:
    """A span in its largest sensible unit: days from 49 hours on, then hours, then minutes."""
    hours = round(span / dt.timedelta(hours=1))
    if hours > 48:
        days = round(span / dt.timedelta(days=1))
        return ngettext("about %(count)d day", "about %(count)d days", days) % {"count": days}
    if hours >= 1:
        return ngettext("about %(count)d hour", "about %(count)d hours", hours) % {"count": hours}
    minutes = max(1, round(span / dt.timedelta(minutes=1)))
    return ngettext("about %(count)d minute", "about %(count)d minutes", minutes) % {"count": minutes}
