"""What becomes of an enrollment when its fiscal year ends (rule FIS-2).

Pure: no database, no clock. An enrollment goes on without the partner doing anything, if the program goes on, the location
is still eligible (which covers its agreements) and payout and tax information is complete. Where only the latter is
lacking it goes on too, but on hold: in the new year it is accepted and shows what is missing as Action required.
"""

import datetime as dt
import enum
from collections.abc import Iterable
from dataclasses import dataclass, field

from enrollment.status import ProfileState


class Verdict(enum.StrEnum):
    """As `RolloverLine.Verdict`, which has the words."""

    CONTINUE = "continue"
    HOLD = "hold"
    END = "end"


class EndsBecause(enum.StrEnum):
    """The reasons; a hold's is what would complete it."""

    NOT_SAID = ""
    PGA_HISTORY = "pga_history"
    NOT_OFFERED = "not_offered"
    NOT_ELIGIBLE = "not_eligible"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class ProfileAtRollover:
    """A payout or tax profile: its latest version, and whether an older approved version is in force meanwhile (PAY-4).

    `expires_on` is the last day of the tax form.
    """

    state: ProfileState = ProfileState.MISSING
    in_force: bool = False
    expires_on: dt.date | None = None

    def complete(self, day: dt.date) -> bool:
        """Whether the operator can pay, or tax, by it on `day`."""
        if self.expires_on and self.expires_on < day:
            return False
        return self.state is ProfileState.APPROVED or (self.state is ProfileState.VALIDATING and self.in_force)


@dataclass(frozen=True, slots=True)
class RolloverFacts:
    """An accepted enrollment and the year to come. `day` is the new year's first day, or today where that is later.

    `offered` and `eligible` speak of that day; `discontinued_on` is the program's last day.
    """

    day: dt.date
    is_pga: bool = False
    offered: bool = True
    discontinued_on: dt.date | None = None
    eligible: bool = True
    payout: ProfileAtRollover = field(default_factory=ProfileAtRollover)
    tax: ProfileAtRollover = field(default_factory=ProfileAtRollover)
    currency_fits: bool = False
    submitted: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, and why where it is not simply to continue."""

    verdict: Verdict
    reason: EndsBecause = EndsBecause.NOT_SAID


def judge(facts: RolloverFacts) -> Judgement:
    """The verdict on one enrollment. The first reason that the partner can do least about is the one that is told."""
    if facts.is_pga:
        return Judgement(Verdict.END, EndsBecause.PGA_HISTORY)
    if not facts.offered or (facts.discontinued_on and facts.discontinued_on < facts.day):
        return Judgement(Verdict.END, EndsBecause.NOT_OFFERED)
    if not facts.eligible:
        return Judgement(Verdict.END, EndsBecause.NOT_ELIGIBLE)
    if not all(_what_is_complete(facts)):
        return Judgement(Verdict.HOLD, EndsBecause.INCOMPLETE)
    return Judgement(Verdict.CONTINUE)


def _what_is_complete(facts: RolloverFacts) -> Iterable[bool]:
    return (facts.submitted, facts.currency_fits, facts.payout.complete(facts.day), facts.tax.complete(facts.day))
