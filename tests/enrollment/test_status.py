"""What the facts mean, exhaustively: every combination against a table, and what holds for all."""

import dataclasses
import datetime as dt
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.models import EndReason
from enrollment.status import (
    Facts,
    FieldReason,
    Outcome,
    ProfileFacts,
    ProfileState,
    Reason,
    ShownStatus,
    Status,
    Turn,
    derive,
    shown_to,
)

pytestmark = pytest.mark.rule("STA-1")

FIRST, LAST = dt.date(2026, 7, 1), dt.date(2027, 6, 30)
DAY = dt.timedelta(days=1)


class Case(NamedTuple):
    """A situation in words; `facts_of` turns it into dates, `expected` says what it means without any."""

    pga: bool
    when: str  # where today stands in the fiscal year
    discontinued: str
    ended: str
    offered: bool
    window: str
    eligible: bool | None
    stage: str
    answer: str  # the last day to respond


TODAY = {"before the year": FIRST - DAY, "first day": FIRST, "amid": dt.date(2026, 11, 21), "last day": LAST, "over": LAST + DAY}
CASES = (
    Case(*values)
    for values in itertools.product(
        [False, True],
        TODAY,
        ["never", "yesterday", "today", "tomorrow"],
        ["", "withdrawn", "not_eligible"],
        [True, False],
        ["none", "later", "opens today", "closes today", "closed"],
        [True, False, None],
        ["new", "invited", "declined"],
        ["none", "yesterday", "today", "tomorrow"],
    )
)
RELATIVE = {"yesterday": -DAY, "today": 0 * DAY, "tomorrow": DAY}


def facts_of(case: Case) -> Facts:
    today = TODAY[case.when]
    opens = {"later": today + DAY, "opens today": today}.get(case.window)
    closes = {"closes today": today, "closed": today - DAY}.get(case.window)
    return Facts(
        today=today,
        year_starts_on=FIRST,
        year_ends_on=LAST,
        is_pga=case.pga,
        discontinued_on=today + RELATIVE[case.discontinued] if case.discontinued != "never" else None,
        offered=case.offered,
        # A window that only closes has opened with some day long past.
        opens_on=opens or (dt.date(2026, 1, 1) if closes else None),
        closes_on=closes,
        eligible=case.eligible,
        invited=case.stage != "new",
        declined=case.stage == "declined",
        ended=bool(case.ended),
        end_reason=case.ended,
        respond_by=today + RELATIVE[case.answer] if case.answer != "none" else None,
    )


def window_is_open(case: Case) -> bool:
    by_itself = case.window in {"opens today", "closes today"} or (case.window == "none" and case.when != "before the year")
    return case.offered and by_itself and case.when != "over"


# The first row whose question is answered yes decides.
TABLE: list[tuple[str, Callable[[Case], bool], tuple[Status, Reason]]] = [
    ("a Partner Global Account's", lambda c: c.pga, (Status.INACTIVE, Reason.PGA_HISTORY)),
    ("the program is gone", lambda c: c.discontinued == "yesterday", (Status.DISCONTINUED, Reason.DISCONTINUED)),
    ("withdrawn", lambda c: c.ended == "withdrawn", (Status.INACTIVE, Reason.WITHDRAWN)),
    ("ended, not eligible", lambda c: c.ended == "not_eligible", (Status.INACTIVE, Reason.NOT_ELIGIBLE)),
    ("the year is over", lambda c: c.when == "over", (Status.INACTIVE, Reason.YEAR_ENDED)),
    ("declined", lambda c: c.stage == "declined", (Status.INACTIVE, Reason.DECLINED)),
    ("no answer in time", lambda c: c.stage == "invited" and c.answer == "yesterday", (Status.INACTIVE, Reason.DEADLINE_PASSED)),
    ("requirements not met", lambda c: c.eligible is False, (Status.INACTIVE, Reason.NOT_ELIGIBLE)),
    ("not open", lambda c: not window_is_open(c), (Status.INACTIVE, Reason.NOT_OPEN)),
    ("not evaluated", lambda c: c.eligible is None, (Status.INACTIVE, Reason.NOT_EVALUATED)),
    ("about to be invited", lambda c: c.stage == "new", (Status.INACTIVE, Reason.INVITATION_DUE)),
    ("invited", lambda c: True, (Status.INVITED, Reason.NONE)),
]


@pytest.mark.rule("INV-7", "ELI-3", "PRG-1")
def test_every_situation_before_acceptance_is_as_the_table_says() -> None:
    met = set()
    for case in CASES:
        outcome = derive(facts_of(case))
        name, _, expected = next(row for row in TABLE if row[1](case))
        met.add(name)
        assert (outcome.status, outcome.reason) == expected, f"{case}: {name}"
        assert_has_a_next_step(outcome)
    assert met == {name for name, _, _ in TABLE}, "a row of the table that nothing reaches"


PARTNERS_TURN = {
    ProfileState.MISSING,
    ProfileState.ARCHIVED,
    ProfileState.UNFIT,
    ProfileState.EXPIRED,
    ProfileState.REJECTED,
}


@pytest.mark.rule("ENR-2", "ENR-3")
def test_every_situation_after_acceptance_is_as_its_parts_say() -> None:
    for payout, tax, currency, submitted in itertools.product(ProfileState, ProfileState, [False, True], [False, True]):
        outcome = derive(accepted(payout=ProfileFacts(payout), tax=ProfileFacts(tax), currency_fits=currency, submitted=submitted))
        lacking = {payout, tax} & PARTNERS_TURN or not currency or not submitted
        waiting = {payout, tax} & {ProfileState.VALIDATING, ProfileState.UNCHECKED, ProfileState.FROZEN}
        expected = Status.ACTION_REQUIRED if lacking else Status.VALIDATING if waiting else Status.ENROLLED
        assert (outcome.status, outcome.reason) == (expected, Reason.NONE), (payout, tax, currency, submitted)
        assert [row.key for row in outcome.requirements] == ["invitation", "payout", "tax", "currency", "submit"]
        assert_has_a_next_step(outcome)


def accepted(**changes: Any) -> Facts:
    """Enrolled, but for the changes."""
    approved = ProfileFacts(ProfileState.APPROVED)
    whole = Facts(
        today=TODAY["amid"],
        year_starts_on=FIRST,
        year_ends_on=LAST,
        eligible=True,
        invited=True,
        accepted=True,
        payout=approved,
        tax=approved,
        currency_fits=True,
        submitted=True,
    )
    return dataclasses.replace(whole, **changes)


def assert_has_a_next_step(outcome: Outcome) -> None:
    """No status without a usable next step or a named owner."""
    turns = {row.turn for row in outcome.requirements}
    for row in outcome.requirements:
        assert row.link or row.turn is not Turn.PARTNER, f"{row} has no link that mends it"
    match outcome.status:
        case Status.INVITED | Status.ACTION_REQUIRED:
            assert Turn.PARTNER in turns
        case Status.VALIDATING:
            assert turns == {Turn.MET, Turn.OPERATOR}
        case Status.ENROLLED:
            assert turns == {Turn.MET}
        case Status.INACTIVE:
            assert outcome.reason
            assert len(outcome.requirements) <= 1


@pytest.mark.rule("ELI-3")
def test_what_is_accepted_lasts_to_the_years_end_though_no_longer_eligible_or_open() -> None:
    for eligible, closes_on, respond_by in itertools.product([True, False, None], [None, FIRST], [None, FIRST]):
        facts = accepted(eligible=eligible, closes_on=closes_on, respond_by=respond_by)
        assert derive(facts).status is Status.ENROLLED
        assert derive(dataclasses.replace(facts, today=LAST)).status is Status.ENROLLED
        assert derive(dataclasses.replace(facts, today=LAST + DAY)).reason is Reason.YEAR_ENDED


@pytest.mark.rule("VAL-1", "VAL-3")
def test_waiting_shows_until_when_and_a_rejection_its_fields() -> None:
    due = dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC)
    closed = (FieldReason("iban", "account_closed", "Ask the bank."),)
    facts = accepted(
        payout=ProfileFacts(ProfileState.REJECTED, reasons=closed, profile_id="p"),
        tax=ProfileFacts(ProfileState.VALIDATING, due_at=due, profile_id="t"),
    )
    _, payout, tax, *_ = (row.as_json() for row in derive(facts).requirements)
    assert payout == {
        "key": "payout",
        "turn": "partner",
        "reason": "payout_rejected",
        "link": "payout",
        "fields": [{"field": "iban", "code": "account_closed", "note": "Ask the bank."}],
        "profile_id": "p",
    }
    assert tax == {
        "key": "tax",
        "turn": "operator",
        "reason": "tax_validating",
        "deadline": "2026-11-23T10:00:00+00:00",
        "profile_id": "t",
    }


@pytest.mark.rule("INV-7")
@pytest.mark.parametrize(
    ("respond_by", "closes_on", "deadline"),
    [(None, None, None), (LAST, None, LAST), (None, LAST, LAST), (LAST, LAST - DAY, LAST - DAY), (LAST - DAY, LAST, LAST - DAY)],
)
def test_an_invitation_shows_the_first_of_its_deadlines(
    respond_by: dt.date | None, closes_on: dt.date | None, deadline: dt.date | None
) -> None:
    facts = dataclasses.replace(accepted(), accepted=False, respond_by=respond_by, closes_on=closes_on, opens_on=FIRST)
    (row,) = derive(facts).requirements
    assert (row.turn, row.link, row.deadline) == (Turn.PARTNER, "invitation", deadline)


@pytest.mark.rule("INV-7")
def test_declining_can_be_undone_while_the_window_is_open() -> None:
    declined = dataclasses.replace(accepted(), accepted=False, declined=True, closes_on=LAST - DAY, opens_on=FIRST)
    assert derive(declined).requirements[0].link == "invitation"
    closed = dataclasses.replace(declined, today=LAST)
    assert derive(closed).requirements[0].link == ""


@pytest.mark.rule("STA-1")
@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("may_enroll", [True, False])
def test_what_a_viewer_reads(status: Status, reason: Reason, may_enroll: bool) -> None:
    shown = shown_to(status, reason, may_enroll=may_enroll)
    if status in {Status.ACTION_REQUIRED, Status.VALIDATING}:
        assert shown == (status.value if may_enroll else "enrolling")
    elif status is Status.INACTIVE and reason is Reason.NOT_ELIGIBLE:
        assert shown is ShownStatus.NOT_ELIGIBLE
    else:
        assert shown == status.value


def test_every_end_reason_is_one_that_the_status_knows() -> None:
    assert set(EndReason.values) <= {reason.value for reason in Reason}


# --- Whatever the facts ---------------------------------------------------------------------------

some_days = st.dates(FIRST - 20 * DAY, FIRST + 20 * DAY) | st.dates(LAST - 20 * DAY, LAST + 40 * DAY)
profile_facts = st.builds(ProfileFacts, st.sampled_from(ProfileState))


@st.composite
def any_facts(draw: st.DrawFn) -> Facts:
    """Facts that the database's constraints allow."""
    stage = draw(st.sampled_from(["new", "invited", "declined", "accepted"]))
    ended = draw(st.booleans())
    facts = Facts(
        today=draw(some_days),
        year_starts_on=FIRST,
        year_ends_on=LAST,
        is_pga=draw(st.integers(0, 9)) == 0,
        discontinued_on=draw(st.none() | some_days),
        offered=draw(st.booleans()),
        opens_on=draw(st.none() | some_days),
        closes_on=draw(st.none() | some_days),
        eligible=draw(st.sampled_from([True, True, False, None])),
        invited=stage != "new",
        accepted=stage == "accepted",
        declined=stage == "declined",
        respond_by=draw(st.none() | some_days),
        ended=ended,
        end_reason=draw(st.sampled_from(EndReason.values)) if ended else "",
        payout=draw(profile_facts),
        tax=dataclasses.replace(draw(profile_facts), expires_on=draw(st.none() | some_days)),
        currency_fits=draw(st.booleans()),
        submitted=stage == "accepted" and draw(st.booleans()),
    )
    return on(facts, facts.today)


def on(facts: Facts, day: dt.date) -> Facts:
    """The same facts on another day; a tax form past its last day is expired, and isn't before."""
    tax = facts.tax
    if tax.expires_on and tax.expires_on < day:
        tax = dataclasses.replace(tax, state=ProfileState.EXPIRED)
    elif tax.state is ProfileState.EXPIRED:
        tax = dataclasses.replace(tax, state=ProfileState.APPROVED)
    return dataclasses.replace(facts, today=day, tax=tax)


def days_until(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    return (first + number * DAY for number in range((last - first).days))


@given(any_facts())
def test_time_alone_changes_nothing_before_the_day_that_it_names(facts: Facts) -> None:
    """`again_on` is what the sweep relies on: a day too late would leave a status that is no longer true."""
    outcome = derive(facts)
    assert outcome.again_on is None or outcome.again_on > facts.today
    for day in days_until(facts.today, outcome.again_on or facts.today + 120 * DAY):
        assert derive(on(facts, day)) == outcome, day


@given(any_facts())
def test_the_same_facts_mean_the_same(facts: Facts) -> None:
    assert derive(facts) == derive(dataclasses.replace(facts))
    rows = [row.as_json() for row in derive(facts).requirements]
    assert json.loads(json.dumps(rows)) == rows


@given(any_facts())
def test_a_status_never_contradicts_its_facts(facts: Facts) -> None:
    """What the database's check constraints demand."""
    status = derive(facts).status
    if status is Status.INVITED:
        assert facts.invited and not (facts.accepted or facts.declined or facts.ended)
        assert facts.eligible and facts.offered
    if status in {Status.ACTION_REQUIRED, Status.VALIDATING, Status.ENROLLED}:
        assert facts.accepted and not facts.ended
        assert facts.today <= facts.year_ends_on
    if status in {Status.VALIDATING, Status.ENROLLED}:
        assert facts.submitted


@given(any_facts())
def test_there_is_always_a_next_step_or_an_owner(facts: Facts) -> None:
    assert_has_a_next_step(derive(facts))


@given(any_facts())
def test_once_discontinued_always_discontinued(facts: Facts) -> None:
    if derive(facts).status is Status.DISCONTINUED:
        assert derive(facts).again_on is None
        assert derive(on(facts, facts.today + 400 * DAY)).status is Status.DISCONTINUED
