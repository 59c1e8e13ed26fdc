"""Who checks what, and in which order: the most urgent first, a partner's own together, nobody waits (rules VAL-2, VAL-5)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Location, Partner, User
from enrollment.models import Enrollment
from incentives_portal.core import clock
from incentives_portal.core.models import AuditEntry
from profiles import checks
from profiles.models import PayoutProfile, Validation, ValidationCheck
from profiles.models.validation import VALIDATION_TIME
from profiles.services import payouts, validations
from profiles.services.validations.locking import lock_unchecked
from profiles.subjects import subject_of
from tests.enrollment import stages
from tests.side_by_side import at_once

from .conftest import payout_fields

pytestmark = pytest.mark.rule("VAL-2")
Submit = Callable[..., Validation]


def account(name: str, partner: Partner, ines: User, submitted: Submit) -> Validation:
    return submitted(payouts.create(partner=partner, by=ines, **payout_fields(name=name)))


def taken(size: int) -> list[Any]:
    """What a worker would take now, by their ids. It takes nothing."""
    with transaction.atomic():
        return [one.pk for one in lock_unchecked(Validation.objects.filter(decision=""), size)]


@pytest.mark.parametrize("model", [PayoutProfile, Validation], ids=["the profile", "the validation"])
def test_what_somebody_holds_is_left_and_the_next_are_taken(
    transactional_db: None, partner: Partner, ines: User, submitted: Submit, model: Any
) -> None:
    made = [account(f"Account {number}", partner, ines, submitted) for number in range(5)]
    held = [one.pk if model is Validation else one.profile_id for one in made[:2]]
    with transaction.atomic():
        assert len(model.objects.select_for_update(no_key=True).filter(pk__in=held)) == 2
        assert at_once(lambda: validations.check_due(limit=2)) == [{"checked": 2, "approved": 2, "waiting": 0, "failed": 0}]
    left = Validation.objects.filter(decision="").order_by("due_at").values_list("pk", flat=True)
    assert list(left) == [one.pk for one in (made[0], made[1], made[4])]


def test_several_workers_take_different_ones(transactional_db: None, partner: Partner, ines: User, submitted: Submit) -> None:
    made = {account(f"Account {number}", partner, ines, submitted).pk for number in range(4)}
    with transaction.atomic():
        mine = {one.pk for one in lock_unchecked(Validation.objects.all(), 2)}
        (theirs,) = at_once(lambda: taken(3))
    assert mine | set(theirs) == made and not mine & set(theirs)


def test_what_is_due_at_the_same_moment_is_taken_partner_by_partner(
    partner: Partner, other_partner: Partner, ines: User, otto: User, submitted: Submit
) -> None:
    for number in range(3):
        account(f"Account {number}", partner, ines, submitted)
        account(f"Account {number}", other_partner, otto, submitted)
    Validation.objects.update(submitted_at=clock.now(), due_at=clock.now() + VALIDATION_TIME)
    urgent = account("Now", other_partner, otto, submitted)
    Validation.objects.filter(pk=urgent.pk).update(submitted_at=clock.now() - VALIDATION_TIME, due_at=clock.now())
    first, *rest = taken(7)
    assert first == urgent.pk
    whose = dict(Validation.objects.values_list("pk", "partner"))
    one, other = {whose[pk] for pk in rest[:3]}, {whose[pk] for pk in rest[3:]}
    assert len(one) == len(other) == 1 and one != other
    assert taken(2) == [urgent.pk, rest[0]]


@pytest.mark.rule("VAL-5")
def test_nothing_is_taken_of_an_older_version_or_of_what_is_put_away(partner: Partner, ines: User, submitted: Submit) -> None:
    older, archived, frozen = (account(name, partner, ines, submitted) for name in ("Older", "Archived", "Frozen"))
    profile = PayoutProfile.objects.get(pk=older.profile_id)
    payouts.change(profile=profile, seen_version=1, by=ines, **payout_fields(name="Older", account_holder="Norrsken B"))
    Validation.objects.filter(pk=older.pk).update(decision="", decided_at=None)
    PayoutProfile.objects.filter(pk=archived.profile_id).update(archived_at=clock.now())
    PayoutProfile.objects.filter(pk=frozen.profile_id).update(frozen_at=clock.now())
    assert taken(9) == []


@pytest.mark.rule("OPS-3")
def test_an_entry_and_the_findings_say_what_was_decided(location: Location, ines: User, rita: User) -> None:
    row = stages.submitted(location, ines)
    subjects = {one.pk: subject_of(one) for one in Validation.objects.all()}
    validations.check_due()
    assert Enrollment.objects.get(pk=row.pk).status == "enrolled"
    assert {one.kind for one in Validation.objects.all()} == {"payout", "tax"}
    for one in Validation.objects.all():
        entry = AuditEntry.objects.get(act="validation.approved", object_id=str(one.pk))
        assert (entry.object_type, entry.object_name, entry.partner_id) == ("profiles.validation", str(one), location.partner_id)
        assert (entry.actor_kind, entry.at, entry.before) == ("system", one.decided_at, None)
        assert entry.after == {"version": 1, "paying_entity": one.paying_entity}
        found = ValidationCheck.objects.filter(validation=one).order_by("pk").values_list("code", "outcome", "field")
        assert list(found) == [tuple(result) for result in checks.run(subjects[one.pk])], "in the order to read it"


def test_several_payers_of_one_version_are_decided_each(partner: Partner, ines: User, submitted: Submit) -> None:
    profile = payouts.create(partner=partner, by=ines, **payout_fields())
    made = [submitted(profile, paying_entity=name) for name in ("Northwind", "Southwind")]
    assert validations.check_due()["approved"] == 2
    for one in made:
        assert AuditEntry.objects.get(act="validation.approved", object_id=str(one.pk)).object_name == str(one)
        assert one.checks.count() == len(checks.run(subject_of(one)))
