"""The lifecycle as the rule has it: what can happen to an enrollment, tried out on `status.derive` until nothing is new.

The picture in the documentation is drawn from this, so it can't say anything that the code doesn't.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from enrollment.status import Facts, ProfileFacts, ProfileState, Status, derive

FIRST, LAST = dt.date(2026, 7, 1), dt.date(2027, 6, 30)
AMID = dt.date(2026, 11, 2)
RESPOND_BY = dt.date(2026, 12, 1)

VALIDATING, APPROVED, REJECTED = (
    ProfileFacts(state) for state in (ProfileState.VALIDATING, ProfileState.APPROVED, ProfileState.REJECTED)
)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that can happen: in words, whether it can now, and the facts afterwards."""

    words: str
    possible: Callable[[Facts], bool]
    after: Callable[[Facts], Facts]


@dataclass(frozen=True, order=True, slots=True)
class Transition:
    """A change of status and what causes it."""

    before: Status
    after: Status
    words: str


def _is(*statuses: Status) -> Callable[[Facts], bool]:
    return lambda facts: derive(facts).status in statuses


def _in_hand(facts: Facts) -> bool:
    return facts.accepted and not facts.ended and facts.today <= facts.year_ends_on


def _decided(facts: Facts, decision: ProfileFacts) -> Facts:
    """Every open validation decided: the picture is about the enrollment, not about its two profiles."""
    payout = decision if facts.payout == VALIDATING else facts.payout
    return replace(facts, payout=payout, tax=decision if facts.tax == VALIDATING else facts.tax)


def _changed(facts: Facts) -> Facts:
    """The profiles that want it mended, or else the bank changed."""
    mended = replace(
        facts,
        payout=VALIDATING if facts.payout == REJECTED else facts.payout,
        tax=VALIDATING if facts.tax.state in {ProfileState.REJECTED, ProfileState.EXPIRED} else facts.tax,
    )
    return mended if mended != facts else replace(facts, payout=VALIDATING)


HAPPENINGS = (
    Happening("becomes eligible", lambda f: not f.eligible, lambda f: replace(f, eligible=True)),
    Happening("no longer eligible", lambda f: f.eligible is True, lambda f: replace(f, eligible=False)),
    Happening(
        "invited",
        lambda f: derive(f).reason == "invitation_due",
        lambda f: replace(f, invited=True, respond_by=RESPOND_BY),
    ),
    Happening("accepts", _is(Status.INVITED), lambda f: replace(f, accepted=True)),
    Happening("declines", _is(Status.INVITED), lambda f: replace(f, declined=True)),
    Happening("takes the refusal back", lambda f: f.declined and _answerable(f), lambda f: replace(f, declined=False)),
    Happening(
        "the deadline passes",
        lambda f: f.invited and not f.accepted and f.today <= RESPOND_BY,
        lambda f: replace(f, today=RESPOND_BY + dt.timedelta(days=1)),
    ),
    Happening(
        "submits new profiles",
        lambda f: _in_hand(f) and not f.submitted,
        lambda f: replace(f, submitted=True, currency_fits=True, payout=VALIDATING, tax=VALIDATING),
    ),
    Happening(
        "submits validated profiles",
        lambda f: _in_hand(f) and not f.submitted,
        lambda f: replace(f, submitted=True, currency_fits=True, payout=APPROVED, tax=APPROVED),
    ),
    Happening("approved", lambda f: _in_hand(f) and VALIDATING in (f.payout, f.tax), lambda f: _decided(f, APPROVED)),
    Happening("rejected", lambda f: _in_hand(f) and VALIDATING in (f.payout, f.tax), lambda f: _decided(f, REJECTED)),
    Happening("a profile changes", lambda f: _in_hand(f) and f.submitted, _changed),
    Happening(
        "a tax form expires",
        lambda f: _in_hand(f) and f.tax == APPROVED,
        lambda f: replace(f, tax=ProfileFacts(ProfileState.EXPIRED)),
    ),
    Happening("the year ends", lambda f: f.today <= LAST, lambda f: replace(f, today=LAST + dt.timedelta(days=1))),
    Happening(
        "discontinued", lambda f: f.discontinued_on is None, lambda f: replace(f, discontinued_on=f.today - dt.timedelta(days=1))
    ),
)


def _answerable(facts: Facts) -> bool:
    return derive(replace(facts, declined=False)).status is Status.INVITED


def transitions() -> list[Transition]:
    """Every change of status that some sequence of happenings leads to, in the order of the statuses."""
    start = Facts(today=AMID, year_starts_on=FIRST, year_ends_on=LAST, eligible=False)
    seen, waiting, found = {start}, [start], set()
    while waiting:
        facts = waiting.pop()
        for happening, after in _what_can_happen(facts):
            before_status, after_status = derive(facts).status, derive(after).status
            if before_status is not after_status:
                found.add(Transition(before_status, after_status, happening.words))
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    order = list(Status)
    return sorted(found, key=lambda one: (order.index(one.before), order.index(one.after), one.words))


def _what_can_happen(facts: Facts) -> Iterator[tuple[Happening, Facts]]:
    for happening in HAPPENINGS:
        if happening.possible(facts):
            yield happening, happening.after(facts)
