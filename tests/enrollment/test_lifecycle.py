"""The lifecycle picture is drawn from the code, and the committed one is current."""

import pytest
from django.core.management import call_command

from enrollment.lifecycle import transitions
from enrollment.status import Status

pytestmark = pytest.mark.rule("STA-1")


def test_the_committed_picture_is_current() -> None:
    call_command("lifecycle_picture", "--check")


def test_every_status_is_reached_and_left_as_the_rules_say() -> None:
    found = transitions()
    assert {one.after for one in found} == set(Status)
    changes = {(one.before, one.after) for one in found}
    assert {after for before, after in changes if before is Status.DISCONTINUED} == set(), "discontinued is final"
    assert {after for before, after in changes if before is Status.INVITED} == {
        Status.ACTION_REQUIRED,
        Status.INACTIVE,
        Status.DISCONTINUED,
    }
    assert (Status.VALIDATING, Status.ENROLLED) in changes
    assert (Status.ENROLLED, Status.VALIDATING) in changes


@pytest.mark.rule("ELI-3")
def test_losing_eligibility_ends_only_what_is_not_accepted() -> None:
    assert {one.before for one in transitions() if one.words == "no longer eligible"} == {Status.INVITED}
