"""*Actions required*: the one next step of an enrollment as a viewer reads it (rules STA-1, ACC-7)."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from enrollment.links import Links
from enrollment.moments import in_words, is_over, parsed
from enrollment.status import Turn
from enrollment.wording import REASON_SENTENCES, text_of, worded


@dataclass(frozen=True, slots=True)
class Action:
    """What stands in the column: a link that mends it, or who does, and until when."""

    words: str = ""
    url: str = ""
    until: str = ""
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Viewer:
    """What decides how the steps of a page of enrollments read: computed once per page."""

    now: dt.datetime
    links: Links
    reviews_url: str = ""

    def action(self, pk: uuid.UUID, requirements: Sequence[Mapping[str, Any]], *, mine: bool, owner: str, reason: str) -> Action:
        """The first row whose turn is the viewer's, else the first that waits for somebody, else that nothing does."""
        step = next_step(requirements)
        if step is None:
            return Action(_over(requirements, reason))
        deadline = parsed(step.get("deadline"))
        until = self._until(step, deadline)
        late = deadline is not None and is_over(deadline, self.now)
        text = text_of(step)
        if step.get("link") == "eligibility":
            # Its link stands under the status.
            return Action(worded(text.waiting))
        if step["turn"] == Turn.PARTNER and mine:
            return Action(worded(text.action), self.links.mending(step, pk), until, late)
        if step["turn"] == Turn.PARTNER:
            return Action(owner, "", until, late)
        if self.reviews_url and deadline and step["key"] in {"payout", "tax"}:
            return Action(_("Review"), self.reviews_url, until, late)
        return Action(worded(text.waiting), "", until, late)

    def _until(self, step: Mapping[str, Any], deadline: dt.date | dt.datetime | None) -> str:
        if deadline is None:
            return ""
        when = in_words(deadline, self.now)
        if step["key"] == "window":
            return _("opens on %(when)s") % {"when": when}
        if step["turn"] == Turn.OPERATOR and is_over(deadline, self.now):
            return _("overdue since %(when)s") % {"when": when}
        return _("by %(when)s") % {"when": when}


def next_step(requirements: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The partner's first open row, else the operator's; None when nobody's turn it is."""
    for turn in (Turn.PARTNER, Turn.OPERATOR):
        for row in requirements:
            if row["turn"] == turn:
                return row
    return None


def _over(requirements: Sequence[Mapping[str, Any]], reason: str) -> str:
    """Why there is nothing to do."""
    closed = next((row for row in requirements if row["key"] == "closed"), None)
    if closed:
        return worded(text_of(closed).waiting)
    return _("Kept as history") if reason in REASON_SENTENCES else _("Nothing to do")
