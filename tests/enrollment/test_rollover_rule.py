"""The verdict on an enrollment when its year ends (rule FIS-2), without a database."""

import dataclasses
import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.models import EndReason, RolloverLine
from enrollment.rollover import EndsBecause, Judgement, ProfileAtRollover, RolloverFacts, Verdict, judge
from enrollment.status import ProfileState

pytestmark = pytest.mark.rule("FIS-2")

DAY = dt.date(2027, 7, 1)
GOOD = ProfileAtRollover(ProfileState.APPROVED)
COMPLETE = RolloverFacts(day=DAY, payout=GOOD, tax=GOOD, currency_fits=True, submitted=True)

days = st.dates(dt.date(2027, 6, 20), dt.date(2027, 7, 12))
profiles = st.builds(ProfileAtRollover, st.sampled_from(ProfileState), st.booleans(), st.none() | days)
all_facts = st.builds(
    RolloverFacts,
    day=days,
    is_pga=st.booleans(),
    offered=st.booleans(),
    discontinued_on=st.none() | days,
    eligible=st.booleans(),
    payout=profiles,
    tax=profiles,
    currency_fits=st.booleans(),
    submitted=st.booleans(),
)


def test_what_is_complete_continues() -> None:
    assert judge(COMPLETE) == Judgement(Verdict.CONTINUE)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"offered": False}, EndsBecause.NOT_OFFERED),
        ({"discontinued_on": dt.date(2027, 6, 30)}, EndsBecause.NOT_OFFERED),
        ({"eligible": False}, EndsBecause.NOT_ELIGIBLE),
        ({"is_pga": True}, EndsBecause.PGA_HISTORY),
        ({"is_pga": True, "offered": False, "eligible": False}, EndsBecause.PGA_HISTORY),
        ({"offered": False, "eligible": False}, EndsBecause.NOT_OFFERED),
        ({"eligible": False, "submitted": False}, EndsBecause.NOT_ELIGIBLE),
    ],
)
def test_what_ends_says_why(change: dict[str, Any], reason: EndsBecause) -> None:
    assert judge(dataclasses.replace(COMPLETE, **change)) == Judgement(Verdict.END, reason)


@pytest.mark.parametrize(
    "change",
    [
        {"submitted": False},
        {"currency_fits": False},
        {"tax": dataclasses.replace(GOOD, expires_on=dt.date(2027, 6, 30))},
        *(
            {kind: ProfileAtRollover(state)}
            for kind in ("payout", "tax")
            for state in ProfileState
            if state != ProfileState.APPROVED
        ),
    ],
)
def test_what_lacks_something_is_held(change: dict[str, Any]) -> None:
    assert judge(dataclasses.replace(COMPLETE, **change)) == Judgement(Verdict.HOLD, EndsBecause.INCOMPLETE)


@pytest.mark.rule("PAY-4")
def test_a_version_in_force_carries_while_the_next_one_is_validated() -> None:
    changing = ProfileAtRollover(ProfileState.VALIDATING, in_force=True)
    assert judge(dataclasses.replace(COMPLETE, payout=changing)).verdict is Verdict.CONTINUE
    rejected = ProfileAtRollover(ProfileState.REJECTED, in_force=True)
    assert judge(dataclasses.replace(COMPLETE, payout=rejected)).verdict is Verdict.HOLD


def test_a_program_whose_last_day_is_the_first_of_the_year_still_continues() -> None:
    assert judge(dataclasses.replace(COMPLETE, discontinued_on=DAY)).verdict is Verdict.CONTINUE


@given(all_facts)
def test_an_end_and_a_hold_have_a_reason_and_a_continuation_has_none(facts: RolloverFacts) -> None:
    judgement = judge(facts)
    assert bool(judgement.reason) == (judgement.verdict is not Verdict.CONTINUE)
    assert judgement.verdict.value in RolloverLine.Verdict.values
    assert judgement.verdict is not Verdict.END or judgement.reason.value in EndReason.values


@given(all_facts)
def test_only_the_offer_and_eligibility_end_an_enrollment(facts: RolloverFacts) -> None:
    """However much is missing, what goes on and is eligible is never ended."""
    offered = facts.offered and (facts.discontinued_on is None or facts.day <= facts.discontinued_on)
    goes_on = offered and facts.eligible and not facts.is_pga
    assert (judge(facts).verdict is Verdict.END) == (not goes_on)


@given(all_facts)
def test_mending_never_makes_it_worse(facts: RolloverFacts) -> None:
    order = [Verdict.END, Verdict.HOLD, Verdict.CONTINUE]
    mended = dataclasses.replace(facts, payout=GOOD, tax=GOOD, currency_fits=True, submitted=True)
    assert order.index(judge(mended).verdict) >= order.index(judge(facts).verdict)
