"""Locations that nobody, or only one person, can enroll (rule ACC-2)."""

import datetime as dt
from typing import Any

import pytest
from django.db.models import QuerySet

from accounts.models import Location, Partner, RoleAssignment, User
from accounts.queries.coverage import coverage
from accounts.services import coverage as services
from accounts.services import people, roles
from incentives_portal.core import clock
from incentives_portal.core.models import Mail
from tests import factories as make

pytestmark = pytest.mark.django_db


def gap_mails() -> QuerySet[Mail]:
    """Without those that tell people of their own roles."""
    return Mail.objects.filter(kind="coverage").order_by("created_at", "pk")


def role_of(user: User) -> RoleAssignment:
    return user.memberships.get().roles.get(ended_at=None)


@pytest.mark.rule("ACC-2")
def test_gaps_and_risks(
    partner: Partner, ines: User, location: Location, second_location: Location, other_location: Location
) -> None:
    found = coverage(partner.pk)
    assert found.gaps == (second_location,)
    assert [(risk.location, risk.admin) for risk in found.risks] == [(location, ines)]
    everywhere = make.person("Eva", partner, make.INCENTIVES_ADMIN)
    found = coverage(partner.pk)
    assert found.gaps == ()
    assert [(risk.location, risk.admin) for risk in found.risks] == [(second_location, everywhere)]
    make.person("Eskil", partner, make.INCENTIVES_ADMIN)
    assert coverage(partner.pk).is_complete


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("change", ["expired", "ended", "suspended", "closed"])
def test_who_does_not_count_now_covers_nothing(change: str, partner: Partner, ines: User, location: Location) -> None:
    role, now = role_of(ines), clock.now()
    {
        "expired": lambda: RoleAssignment.objects.filter(pk=role.pk).update(expires_on=clock.today() - dt.timedelta(days=1)),
        "ended": lambda: RoleAssignment.objects.filter(pk=role.pk).update(ended_at=now),
        "suspended": lambda: ines.memberships.update(suspended_at=now),
        "closed": lambda: User.objects.filter(pk=ines.pk).update(is_active=False),
    }[change]()
    assert coverage(partner.pk).gaps == (location,)


def test_three_queries_whatever_the_rows(partner: Partner, ines: User, django_assert_num_queries: Any) -> None:
    for place in make.LocationFactory.create_batch(20, partner=partner):
        make.person(f"P{place.mpn_id} X", partner, make.INCENTIVES_ADMIN, place)
    with django_assert_num_queries(3):
        coverage(partner.pk)


@pytest.mark.rule("ACC-2")
def test_the_admins_are_told_when_a_location_loses_its_last(
    gunnar: User, astrid: User, ines: User, ulf: User, location: Location, second_location: Location
) -> None:
    roles.end(assignment=role_of(ines), by=gunnar)
    assert set(gap_mails().values_list("to", flat=True)) == {gunnar.email, astrid.email}
    mail = gap_mails().first()
    assert mail
    assert mail.subject == f"No incentives admin: {location.name}"
    assert location.mpn_id in mail.text
    assert second_location.mpn_id not in mail.text


@pytest.mark.rule("ACC-2")
def test_nobody_is_told_while_somebody_else_can(gunnar: User, ines: User, partner: Partner) -> None:
    make.person("Eva", partner, make.INCENTIVES_ADMIN)
    roles.end(assignment=role_of(ines), by=gunnar)
    assert not gap_mails().exists()


@pytest.mark.rule("ACC-2")
def test_suspending_removing_and_moving_tell_too(gunnar: User, ines: User, location: Location, second_location: Location) -> None:
    membership = ines.memberships.get()
    people.suspend(membership=membership, by=gunnar)
    assert gap_mails().count() == 1
    people.restore(membership=membership, by=gunnar)
    terms = {"membership": membership, "role": make.INCENTIVES_ADMIN, "by": gunnar}
    roles.assign(entire_organization=False, locations=[second_location], **terms)
    assert gap_mails().count() == 2
    people.remove(membership=membership, by=gunnar)
    assert second_location.mpn_id in gap_mails().exclude(text__contains=location.mpn_id).get().text


@pytest.mark.rule("ACC-2")
def test_an_expired_role_is_told_of_once(gunnar: User, ines: User) -> None:
    RoleAssignment.objects.filter(pk=role_of(ines).pk).update(expires_on=clock.today())
    services.tell_of_expired_roles()
    assert not gap_mails().exists()
    with clock.moved_to(clock.now() + dt.timedelta(days=1)):
        services.tell_of_expired_roles()
        services.tell_of_expired_roles()
    assert gap_mails().get().to == gunnar.email
