"""A frozen payout profile holds its enrollments, and settling releases them (rules PAY-5, STA-1)."""

import pytest

from accounts.models import Location, User
from enrollment.derivation import differences
from enrollment.models import Enrollment
from profiles.models import PayoutProfile, Validation
from profiles.services import alarms, payouts, validations
from tests import factories as make
from tests.enrollment import journeys

from .conftest import OTHER_IBAN, payout_fields
from .test_bank_alarms import alarmed

pytestmark = pytest.mark.rule("PAY-5")


@pytest.mark.parametrize("genuine", [True, False])
def test_validating_while_frozen_then_as_it_is_settled(
    genuine: bool, location: Location, ines: User, gunnar: User, rita: User
) -> None:
    row = journeys.submitted(make.ProgramFactory.create(), location, ines)
    validations.check_due()
    assert Enrollment.objects.get(pk=row.pk).status == "enrolled"
    payout = PayoutProfile.objects.get()
    payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(identifiers={"iban": OTHER_IBAN}))
    payout.refresh_from_db()

    alarm = alarmed(payout, gunnar)
    held = Enrollment.objects.get(pk=row.pk)
    (waiting,) = [each for each in held.requirements if each["turn"] != "met"]
    assert held.status == "validating" and (waiting["turn"], waiting["reason"]) == ("operator", "payout_frozen")

    alarms.settle(alarm=alarm, genuine=genuine, note="", by=rita)
    assert Enrollment.objects.get(pk=row.pk).status == ("validating" if genuine else "enrolled")
    if genuine:
        validations.approve(validation=Validation.objects.get(payout_version__number=2), by=rita)
        assert Enrollment.objects.get(pk=row.pk).status == "enrolled"
    assert not differences()[1]
