"""Nobody belongs to a partner and decides for the operator: the database refuses it from raw SQL and from two at once, too."""

import threading
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Membership, OperatorAssignment, Partner, User
from incentives_portal.core import clock
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.rule("VAL-2")]
REFUSED = "belongs to a partner or to the operator"


def test_somebody_of_the_operator_joins_no_partner(rita: User, partner: Partner) -> None:
    root = make.UserFactory.create(is_superuser=True)
    for person in (rita, root):
        with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
            Membership.objects.create(user=person, partner=partner)


def test_a_member_gets_no_role_at_the_operator(ulf: User) -> None:
    with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
        OperatorAssignment.objects.create(user=ulf, role="reviewer")
    with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
        User.objects.filter(pk=ulf.pk).update(is_superuser=True)


def test_who_left_may_and_is_then_no_member_again(ulf: User) -> None:
    membership = ulf.memberships.get()
    Membership.objects.filter(pk=membership.pk).update(suspended_at=clock.now(), removed_at=clock.now())
    OperatorAssignment.objects.create(user=ulf, role="reviewer")
    with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
        Membership.objects.filter(pk=membership.pk).update(suspended_at=None, removed_at=None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("member_first", [True, False])
def test_of_two_at_once_the_second_is_refused(partner: Partner, member_first: bool) -> None:
    person = make.UserFactory.create()
    acts: list[Callable[[], object]] = [
        lambda: Membership.objects.create(user=person, partner=partner),
        lambda: OperatorAssignment.objects.create(user=person, role="reviewer"),
    ]
    first, second = acts if member_first else reversed(acts)
    refusals: list[str] = []

    def follow() -> None:
        try:
            second()
        except IntegrityError as refusal:
            refusals.append(str(refusal))
        finally:
            connection.close()

    with transaction.atomic():
        first()
        follower = threading.Thread(target=follow)
        follower.start()
        follower.join(0.3)
        assert follower.is_alive()
    follower.join()
    assert REFUSED in refusals[0]
