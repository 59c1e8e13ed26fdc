"""Giving and ending roles: who may, on which terms, and what is written down."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from accounts import announcements
from accounts.actor import actor_for
from accounts.models import Location, Membership, Partner, RoleAssignment, User
from accounts.policy import NotAllowedError, Scope, can
from accounts.roles import Permission
from accounts.services import people, roles
from incentives_portal.core import audit, clock
from incentives_portal.core.models import AuditEntry
from tests import factories as make

pytestmark = pytest.mark.django_db


def member(user: User) -> Membership:
    return user.memberships.get()


def held(user: User, role: str) -> RoleAssignment:
    return RoleAssignment.objects.get(membership__user=user, role=role, ended_at=None)


@pytest.fixture
def announced() -> Any:
    """What was announced, in order: (what, assignment)."""
    heard: list[tuple[str, RoleAssignment]] = []

    def assigned(sender: Any, assignment: RoleAssignment, **kwargs: Any) -> None:
        heard.append(("assigned", assignment))

    def ended(sender: Any, assignment: RoleAssignment, **kwargs: Any) -> None:
        heard.append(("ended", assignment))

    announcements.role_assigned.connect(assigned)
    announcements.role_ended.connect(ended)
    yield heard
    announcements.role_assigned.disconnect(assigned)
    announcements.role_ended.disconnect(ended)


@pytest.mark.rule("ACC-1")
@pytest.mark.parametrize("cast", ["gunnar", "astrid"])
def test_an_admin_enrolls_only_after_taking_the_role(cast: str, request: Any, partner: Partner, location: Location) -> None:
    admin = request.getfixturevalue(cast)
    place = Scope(partner.pk, location.pk)
    assert not can(actor_for(admin), Permission.ENROLL, place)

    roles.assign(membership=member(admin), role=make.INCENTIVES_ADMIN, entire_organization=False, locations=[location], by=admin)

    assert can(actor_for(admin), Permission.ENROLL, place)


@pytest.mark.rule("ACC-3")
def test_account_admins_assign_incentives_roles_and_no_admin_roles(astrid: User, ulf: User, gunnar: User) -> None:
    roles.assign(membership=member(ulf), role=make.INCENTIVES_ADMIN, entire_organization=True, by=astrid)
    for role in (make.ACCOUNT_ADMIN, make.GLOBAL_ADMIN):
        with pytest.raises(NotAllowedError):
            roles.assign(membership=member(ulf), role=role, entire_organization=True, by=astrid)
    with pytest.raises(NotAllowedError):
        roles.end(assignment=held(gunnar, make.GLOBAL_ADMIN), by=astrid)


@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize("cast", ["ines", "ulf", "otto", "rita", "petra"])
def test_nobody_else_assigns_anything(cast: str, request: Any, ulf: User, gunnar: User) -> None:
    stranger = request.getfixturevalue(cast)
    for role in make.PartnerRole.values:
        with pytest.raises(NotAllowedError):
            roles.assign(membership=member(ulf), role=role, entire_organization=True, by=stranger)


@pytest.mark.rule("ACC-8")
def test_a_global_admin_of_another_partner_assigns_nothing_here(other_partner: Partner, ulf: User) -> None:
    greta = make.person("Greta", other_partner, make.GLOBAL_ADMIN)
    with pytest.raises(NotAllowedError):
        roles.assign(membership=member(ulf), role=make.INCENTIVES_USER, entire_organization=True, by=greta)


@pytest.mark.rule("ACC-4")
def test_terms_that_make_no_sense_are_refused(gunnar: User, ulf: User, location: Location, other_location: Location) -> None:
    def assign(role: str = make.INCENTIVES_ADMIN, **terms: Any) -> None:
        roles.assign(membership=member(ulf), role=role, by=gunnar, **{"entire_organization": False, **terms})

    yesterday = clock.today() - dt.timedelta(days=1)
    for code, terms in {
        "no_location": {},
        "foreign_location": {"locations": [location, other_location]},
        "expired": {"locations": [location], "expires_on": yesterday},
        "scope": {"role": make.ACCOUNT_ADMIN, "locations": [location]},
        "role": {"role": "emperor", "locations": [location]},
    }.items():
        with pytest.raises(ValidationError) as refusal:
            assign(**terms)
        assert refusal.value.code == code


@pytest.mark.rule("ACC-4")
def test_new_terms_replace_the_old_and_keep_them_as_history(
    gunnar: User, ines: User, location: Location, second_location: Location, announced: list[tuple[str, RoleAssignment]]
) -> None:
    before = held(ines, make.INCENTIVES_ADMIN)
    day = clock.today() + dt.timedelta(days=30)

    now = roles.assign(
        membership=member(ines),
        role=make.INCENTIVES_ADMIN,
        entire_organization=False,
        locations=[location, second_location],
        expires_on=day,
        by=gunnar,
    )

    before.refresh_from_db()
    assert before.ended_at is not None
    assert now.ended_at is None
    assert now.granted_by == gunnar
    assert announced == [("ended", before), ("assigned", now)]
    entry = AuditEntry.objects.get(act="role_changed")
    assert entry.before
    assert entry.before["locations"] == [location.mpn_id]
    assert entry.before["expires_on"] is None
    assert entry.after
    assert entry.after["locations"] == sorted([location.mpn_id, second_location.mpn_id])
    assert entry.after["expires_on"] == day.isoformat()
    assert entry.partner_id == ines.memberships.get().partner_id


def test_the_same_terms_change_nothing(gunnar: User, ines: User, location: Location, announced: list[Any]) -> None:
    before = held(ines, make.INCENTIVES_ADMIN)
    again = roles.assign(
        membership=member(ines), role=make.INCENTIVES_ADMIN, entire_organization=False, locations=[location], by=gunnar
    )
    assert again == before
    assert not announced
    assert not AuditEntry.objects.exists()


def test_a_role_ends_once(gunnar: User, ines: User, announced: list[tuple[str, RoleAssignment]]) -> None:
    role = held(ines, make.INCENTIVES_ADMIN)
    roles.end(assignment=role, by=gunnar)
    with pytest.raises(ValidationError) as refusal:
        roles.end(assignment=role, by=gunnar)
    assert refusal.value.code == "ended"
    assert announced == [("ended", role)]
    assert AuditEntry.objects.get().act == "role_ended"
    assert not actor_for(ines).grants


@pytest.mark.rule("ACC-4")
def test_a_role_counts_to_the_end_of_its_last_day(gunnar: User, ulf: User, location: Location) -> None:
    today = clock.today()
    roles.assign(
        membership=member(ulf),
        role=make.INCENTIVES_ADMIN,
        entire_organization=False,
        locations=[location],
        expires_on=today,
        by=gunnar,
    )
    assert actor_for(ulf).holds(make.INCENTIVES_ADMIN)
    with clock.moved_to(clock.start_of(today + dt.timedelta(days=1))):
        assert not actor_for(ulf).holds(make.INCENTIVES_ADMIN)


def test_a_suspended_person_is_given_nothing(gunnar: User, ulf: User) -> None:
    people.suspend(membership=member(ulf), by=gunnar)
    with pytest.raises(ValidationError) as refusal:
        roles.assign(membership=member(ulf), role=make.INCENTIVES_ADMIN, entire_organization=True, by=gunnar)
    assert refusal.value.code == "suspended"


class TestLastGlobalAdmin:
    """Rule ACC-4, by every way there is."""

    @pytest.mark.rule("ACC-4")
    def test_not_by_the_services(self, gunnar: User, partner: Partner) -> None:
        ways = [
            lambda: roles.end(assignment=held(gunnar, make.GLOBAL_ADMIN), by=gunnar),
            lambda: roles.end(assignment=held(gunnar, make.GLOBAL_ADMIN), by=audit.SYSTEM),
            lambda: people.suspend(membership=member(gunnar), by=gunnar),
            lambda: people.remove(membership=member(gunnar), by=gunnar),
            lambda: roles.assign(
                membership=member(gunnar),
                role=make.GLOBAL_ADMIN,
                entire_organization=True,
                expires_on=clock.today() + dt.timedelta(days=9),
                by=gunnar,
            ),
        ]
        for way in ways:
            with pytest.raises(ValidationError) as refusal, transaction.atomic():
                way()
            assert refusal.value.code == "last_global_admin"
        assert held(gunnar, make.GLOBAL_ADMIN)
        assert actor_for(gunnar).holds(make.GLOBAL_ADMIN)

    @pytest.mark.rule("ACC-4")
    def test_one_of_two_may_go(self, gunnar: User, partner: Partner) -> None:
        make.person("Greta", partner, make.GLOBAL_ADMIN)
        roles.end(assignment=held(gunnar, make.GLOBAL_ADMIN), by=gunnar)
        assert not actor_for(gunnar).grants

    @pytest.mark.rule("ACC-4")
    def test_a_suspended_or_expired_one_does_not_stand_in(self, gunnar: User, partner: Partner) -> None:
        greta = make.person("Greta", partner, make.GLOBAL_ADMIN)
        people.suspend(membership=member(greta), by=gunnar)
        with pytest.raises(ValidationError):
            roles.end(assignment=held(gunnar, make.GLOBAL_ADMIN), by=gunnar)

    @pytest.mark.rule("ACC-4")
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE accounts_roleassignment SET ended_at = now() WHERE role = 'global_admin'",
            "UPDATE accounts_roleassignment SET role = 'account_admin' WHERE role = 'global_admin'",
            "UPDATE accounts_roleassignment SET expires_on = '2001-01-01' WHERE role = 'global_admin'",
            "UPDATE accounts_roleassignment SET expires_on = '2999-01-01' WHERE role = 'global_admin'",
            "DELETE FROM accounts_roleassignment WHERE role = 'global_admin'",
            "UPDATE accounts_membership SET suspended_at = now()",
            "UPDATE accounts_user SET is_active = false",
        ],
    )
    def test_not_by_raw_sql(self, gunnar: User, statement: str) -> None:
        with pytest.raises(IntegrityError, match="last active global admin"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.rule("ACC-4")
def test_removing_a_person_ends_every_role(gunnar: User, ines: User, announced: list[tuple[str, RoleAssignment]]) -> None:
    make.give_role(ines, member(ines).partner, make.ACCOUNT_ADMIN)
    people.remove(membership=member(ines), by=gunnar)
    assert not RoleAssignment.objects.filter(membership__user=ines, ended_at=None).exists()
    assert [what for what, _ in announced] == ["ended", "ended"]
    assert not actor_for(ines).partners
    back = people.add_member(partner=member(ines).partner, email=ines.email, name="", language="sv", by=gunnar)
    assert back == member(ines)
    assert actor_for(ines).partner
    assert not actor_for(ines).grants


@pytest.mark.rule("ACC-3")
def test_an_account_admin_suspends_no_global_admin(astrid: User, gunnar: User, ulf: User) -> None:
    for verb in (people.suspend, people.remove):
        with pytest.raises(NotAllowedError):
            verb(membership=member(gunnar), by=astrid)
    people.suspend(membership=member(ulf), by=astrid)
    assert not actor_for(ulf).grants
    people.restore(membership=member(ulf), by=astrid)
    assert actor_for(ulf).grants


def test_the_operators_people_join_no_partner(rita: User, partner: Partner) -> None:
    with pytest.raises(ValidationError):
        people.add_member(partner=partner, email=rita.email, name="", language="en", by=audit.SYSTEM)
