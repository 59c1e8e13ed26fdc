"""Every code has a text."""

import pytest

from accounts.models import Location, User
from enrollment.models import Notice, Program
from enrollment.queries.overview import URGENCY
from enrollment.status import ProfileState, Reason, ShownStatus
from enrollment.usage import enrollments_using, program_choices
from enrollment.wording import NOTICES, REASON_SENTENCES, REQUIREMENTS, STATUS_LABELS, STATUS_SENTENCES
from tests.enrollment import stages


@pytest.mark.rule("STA-1")
def test_statuses_reasons_and_notices_have_words() -> None:
    assert set(STATUS_LABELS) == set(STATUS_SENTENCES) == set(URGENCY) == set(ShownStatus)
    assert set(REASON_SENTENCES) == set(Reason) - {Reason.NONE}
    assert set(NOTICES) == set(Notice.Kind.values)


@pytest.mark.rule("STA-1")
def test_every_state_of_a_profile_has_a_sentence_and_what_is_the_partners_turn_a_link() -> None:
    impossible = {"tax_frozen", "tax_unfit", "payout_expired"}
    for key in ("payout", "tax"):
        for state in set(ProfileState) - {ProfileState.APPROVED, ProfileState.UNCHECKED}:
            code = f"{key}_{state}"
            if code in impossible:
                continue
            text = REQUIREMENTS[code]
            assert text.sentence and (text.waiting if state in {ProfileState.VALIDATING, ProfileState.FROZEN} else text.action)


@pytest.mark.rule("ENR-4")
def test_profiles_learn_which_enrollments_use_them(ines: User, location: Location) -> None:
    row = stages.submitted(location, ines)
    (usage,) = enrollments_using(row.payout_profile)
    assert usage.live and usage.status == "Validating enrollment" and usage.location_id == location.pk
    assert (row.program.code, row.program.name) in program_choices()
    assert Program.objects.count() == 1
