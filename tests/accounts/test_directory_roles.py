"""Groups of a partner's directory become roles (rule ACC-5)."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import Directory, DirectoryPerson, GroupMapping, Location, Membership, Origin, Partner, RoleAssignment, User
from accounts.roles import PartnerRole
from accounts.services import directory_roles, people, roles
from incentives_portal.core import clock
from incentives_portal.core.models import AuditEntry
from tests import factories as make

pytestmark = pytest.mark.rule("ACC-5")


@pytest.fixture
def directory(partner: Partner) -> Directory:
    return Directory.objects.create(partner=partner)


@pytest.fixture
def nils(directory: Directory) -> DirectoryPerson:
    """Somebody whom the directory alone speaks of."""
    membership = make.MembershipFactory.create(partner=directory.partner)
    return DirectoryPerson.objects.create(directory=directory, membership=membership, subject="nils")


def mapped(directory: Directory, group: str, role: str, *locations: Location, **fields: Any) -> GroupMapping:
    row = GroupMapping.objects.create(directory=directory, group=group, role=role, entire_organization=not locations, **fields)
    row.locations.set(locations)
    return row


def held(membership: Membership) -> dict[str, set[str]]:
    """The roles in force and their locations; nothing listed means the entire organization."""
    rows = RoleAssignment.objects.filter(membership=membership, ended_at=None)
    return {row.role: {place.mpn_id for place in row.locations.all()} for row in rows}


def test_groups_give_roles_and_places_add_up(nils: DirectoryPerson, location: Location, second_location: Location) -> None:
    mapped(nils.directory, "Goteborg", PartnerRole.INCENTIVES_ADMIN, location)
    mapped(nils.directory, "Umea", PartnerRole.INCENTIVES_ADMIN, second_location)
    mapped(nils.directory, "Readers", PartnerRole.INCENTIVES_USER)
    nils.claimed_groups = ["goteborg", "Umea", "Unknown"]

    assert directory_roles.align(person=nils) == []

    assert held(nils.membership) == {PartnerRole.INCENTIVES_ADMIN: {location.mpn_id, second_location.mpn_id}}
    assert RoleAssignment.objects.get(membership=nils.membership).origin == Origin.DIRECTORY
    assert AuditEntry.objects.get(act="role_assigned").actor_kind == "directory"


def test_a_group_that_is_left_takes_its_role_and_no_other(nils: DirectoryPerson, gunnar: User, location: Location) -> None:
    mapped(nils.directory, "Admins", PartnerRole.ACCOUNT_ADMIN)
    by_hand = roles.assign(
        membership=nils.membership, role=PartnerRole.INCENTIVES_USER, entire_organization=False, locations=[location], by=gunnar
    )
    nils.claimed_groups = ["Admins"]
    directory_roles.align(person=nils)
    nils.claimed_groups = []
    directory_roles.align(person=nils)

    assert held(nils.membership) == {PartnerRole.INCENTIVES_USER: {location.mpn_id}}
    assert by_hand.origin == Origin.HAND


def test_twice_is_once(nils: DirectoryPerson) -> None:
    mapped(nils.directory, "Readers", PartnerRole.INCENTIVES_USER)
    nils.claimed_groups = ["Readers"]
    directory_roles.align(person=nils)
    entries = AuditEntry.objects.count()
    directory_roles.align(person=nils)
    assert AuditEntry.objects.count() == entries


@pytest.mark.rule("ACC-4")
def test_the_last_global_admin_stays_and_the_refusal_is_kept(nils: DirectoryPerson) -> None:
    mapped(nils.directory, "Bosses", PartnerRole.GLOBAL_ADMIN)
    nils.claimed_groups = ["Bosses"]
    directory_roles.align(person=nils)
    nils.claimed_groups = []

    refused = directory_roles.align(person=nils)

    assert [refusal.code for refusal in refused] == ["last_global_admin"]
    assert PartnerRole.GLOBAL_ADMIN in held(nils.membership)
    assert AuditEntry.objects.filter(act="role_kept").count() == 1


def test_by_hand_nobody_edits_what_the_directory_owns(nils: DirectoryPerson, gunnar: User) -> None:
    mapped(nils.directory, "Readers", PartnerRole.INCENTIVES_USER)
    nils.claimed_groups, nils.is_provisioned, nils.user_name = ["Readers"], True, "nils@norrsken.example"
    nils.save()
    directory_roles.align(person=nils)
    role = RoleAssignment.objects.get(membership=nils.membership)

    for change in (
        lambda: roles.end(assignment=role, by=gunnar),
        lambda: roles.assign(
            membership=nils.membership, role=role.role, entire_organization=True, expires_on=clock.today(), by=gunnar
        ),
        lambda: people.suspend(membership=nils.membership, by=gunnar),
        lambda: people.remove(membership=nils.membership, by=gunnar),
    ):
        with pytest.raises(ValidationError) as refusal:
            change()
        assert refusal.value.code == "directory"
