"""kill -9 of a rollover at random moments (rule FIS-3): what comes of it is the plan, and once more changes nothing.

The whole promise, 200 kills on 300,000 enrollments, is `python -m bench.kill_rollover`.
"""

import pytest
from django.db import connection

from bench.kill_rollover import survive
from bench.year_world import plan_and_wait_for_july, populate
from incentives_portal.core import clock


@pytest.mark.django_db(transaction=True)
@pytest.mark.rule("FIS-3")
def test_kills_lose_nothing_and_do_nothing_twice() -> None:
    shift = clock.shift()
    try:
        populate(1800)
        plan = plan_and_wait_for_july(size=20)
        told = survive(6)
    finally:
        clock.move(by=shift - clock.shift())
        connection.close()
    assert told["lines"] > 1700
    assert told["kills"] >= 5
    assert plan.ranges.count() >= 8
    assert not any(told["wrong"].values()), told
    assert told["again changes nothing"]
