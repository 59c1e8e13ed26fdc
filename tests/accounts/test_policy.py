"""The one question *may they?* and the same answer as a filter (rules ACC-1, ACC-8)."""

import datetime as dt
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.actor import Actor, Grant, actor_for
from accounts.models import Location, Partner, User
from accounts.policy import Scope, can, may_assign, within
from accounts.queries.who_can import who_can
from accounts.roles import ADMIN_ROLES, INCENTIVES_ROLES, ROLES, OperatorRole, PartnerRole, Permission
from enrollment.models import Enrollment
from incentives_portal.core import clock
from tests import factories as make

pytestmark = pytest.mark.django_db

EVERY_ROLE = [*PartnerRole.values, *OperatorRole.values]


@pytest.fixture
def world(django_db_setup: None, db: None) -> dict[str, Any]:
    """Two partners with two locations each, two programs, and an enrollment of each pair."""
    partners = make.PartnerFactory.create_batch(2)
    locations = [make.LocationFactory.create(partner=partner) for partner in partners for _ in range(2)]
    programs = [make.ProgramFactory.create(code=code) for code in ("ONE", "TWO")]
    rows = [make.EnrollmentFactory.create(location=place, program=program) for place in locations for program in programs]
    return {"partners": partners, "locations": locations, "rows": rows, "user": make.UserFactory.create()}


@st.composite
def grants(draw: Any, locations: list[Location]) -> tuple[Grant, ...]:
    def one() -> Grant:
        role = draw(st.sampled_from(EVERY_ROLE))
        if role not in INCENTIVES_ROLES:
            return Grant(role)
        places = draw(st.none() | st.frozensets(st.sampled_from([place.pk for place in locations]), min_size=1))
        programs = draw(st.none() | st.frozensets(st.sampled_from(["ONE", "TWO"]), min_size=1))
        return Grant(role, places, programs)

    return tuple(one() for _ in range(draw(st.integers(0, 3))))


@pytest.mark.rule("ACC-1")
@pytest.mark.rule("ACC-8")
def test_the_question_and_the_filter_agree(world: dict[str, Any]) -> None:
    """About 2,000 random triples of actor, permission and row."""

    @settings(max_examples=250, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        partner = data.draw(st.none() | st.sampled_from(world["partners"]))
        actor = Actor(world["user"], partner, data.draw(grants(world["locations"])))
        permission = data.draw(st.sampled_from(list(Permission)))
        allowed = within(actor, permission, location="location_id", program="program__code")
        found = set(Enrollment.objects.filter(allowed).values_list("pk", flat=True))
        asked = {
            row.pk for row in world["rows"] if can(actor, permission, Scope(row.partner_id, row.location_id, row.program.code))
        }
        assert found == asked

    agree()


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize("role", PartnerRole.values)
@pytest.mark.parametrize("permission", list(Permission))
def test_no_partner_role_reaches_another_partner(
    role: str, permission: Permission, partner: Partner, other_partner: Partner
) -> None:
    actor = Actor(User(), partner, (Grant(role),))
    assert not can(actor, permission, Scope(other_partner.pk, uuid.uuid4(), "ONE"))


# The table of people and permissions, by hand, so that a change of accounts.roles is seen.
MAY = {
    Permission.SEE_ENROLLMENTS: {
        "global_admin",
        "account_admin",
        "incentives_admin",
        "incentives_user",
        "reviewer",
        "program_manager",
    },
    Permission.ENROLL: {"incentives_admin"},
    Permission.SEE_PROFILES: {"incentives_admin"},
    Permission.EDIT_PROFILES: {"incentives_admin"},
    Permission.ASSIGN_INCENTIVES_ROLES: {"global_admin", "account_admin"},
    Permission.ASSIGN_ADMIN_ROLES: {"global_admin"},
    Permission.CONFIGURE_SIGN_IN: {"global_admin"},
    Permission.REVIEW: {"reviewer"},
    Permission.MANAGE_PROGRAMS: {"program_manager"},
    Permission.SEE_OPERATIONS: {"reviewer", "program_manager"},
}


@pytest.mark.rule("ACC-1")
@pytest.mark.parametrize("permission", list(MAY))
def test_the_table_of_roles(permission: Permission) -> None:
    assert {role for role, text in ROLES.items() if permission in text.permissions} == MAY[permission]


@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize("role", EVERY_ROLE)
def test_who_may_assign_what(role: str, partner: Partner) -> None:
    actor = Actor(User(), partner, (Grant(role),))
    assigns = {one for one in EVERY_ROLE if may_assign(actor, one)}
    expected = {"global_admin": ADMIN_ROLES | INCENTIVES_ROLES, "account_admin": INCENTIVES_ROLES}
    assert assigns == set(expected.get(role, set()))


@pytest.mark.rule("ACC-7")
def test_who_can_names_holders_in_scope_and_granters(
    gunnar: User, astrid: User, ines: User, ulf: User, otto: User, location: Location, second_location: Location
) -> None:
    here = who_can(Permission.ENROLL, Scope(location.partner_id, location.pk))
    assert here.holders == (ines.name,)
    assert here.granters == (astrid.name, gunnar.name)
    assert here.roles == ("Incentives admin",)
    assert who_can(Permission.ENROLL, Scope(location.partner_id, second_location.pk)).holders == ()
    make.give_role(ulf, location.partner, make.INCENTIVES_ADMIN, program_codes=["ONE"])
    assert who_can(Permission.ENROLL, Scope(location.partner_id, second_location.pk, "ONE")).holders == (ulf.name,)
    assert who_can(Permission.ENROLL, Scope(location.partner_id, second_location.pk, "TWO")).holders == ()
    assert who_can(Permission.ASSIGN_ADMIN_ROLES, Scope(location.partner_id)).granters == (gunnar.name,)
    review = who_can(Permission.REVIEW, Scope(location.partner_id))
    assert (review.holders, review.granters, review.roles) == ((), (), ("Reviewer",))


@pytest.mark.rule("ACC-7")
def test_who_can_leaves_out_who_can_no_longer(ines: User, gunnar: User, location: Location) -> None:
    scope = Scope(location.partner_id, location.pk)
    ines.memberships.get().roles.update(expires_on=clock.today() - dt.timedelta(days=1))
    assert who_can(Permission.ENROLL, scope).holders == ()
    ines.memberships.get().roles.update(expires_on=clock.today())
    assert who_can(Permission.ENROLL, scope).holders == (ines.name,)
    ines.memberships.update(suspended_at=clock.now())
    assert who_can(Permission.ENROLL, scope).holders == ()


@pytest.mark.rule("ACC-6")
def test_a_person_of_two_partners_acts_for_one_at_a_time(gunnar: User, partner: Partner, other_partner: Partner) -> None:
    make.give_role(gunnar, other_partner, make.INCENTIVES_USER)
    there = actor_for(gunnar, other_partner.pk)
    assert there.partner == other_partner
    assert Permission.ASSIGN_ADMIN_ROLES not in there.permissions
    assert set(there.partners) == {partner, other_partner}
    assert actor_for(gunnar, uuid.uuid4()).partner in {partner, other_partner}
