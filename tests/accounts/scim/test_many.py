"""A group of the whole company: what it costs doesn't multiply (rule ACC-5). MEMBERS=5000 prints what such a group takes."""

import os
import time
from typing import Any

import pytest
from django.db import connection

from accounts.models import Directory, DirectoryPerson, GroupMapping, Location, Membership, Origin, RoleAssignment, User
from accounts.roles import PartnerRole
from incentives_portal.core.models import AuditEntry
from tests.accounts.scim.conftest import DOMAIN, GROUP, Scim, said

pytestmark = pytest.mark.rule("ACC-5")
MEMBERS = int(os.environ.get("MEMBERS", "150"))


@pytest.fixture
def everybody(directory: Directory) -> list[str]:
    """The directory's people, as it would have created them one at a time."""
    users = User.objects.bulk_create(User(email=f"p{number}@{DOMAIN}", name=f"P {number}") for number in range(MEMBERS))
    members = Membership.objects.bulk_create(Membership(user=user, partner=directory.partner) for user in users)
    people = DirectoryPerson.objects.bulk_create(
        DirectoryPerson(directory=directory, membership=one, is_provisioned=True, user_name=one.user.email) for one in members
    )
    return [str(one.pk) for one in people]


def timed(label: str, ask: Any) -> tuple[Any, int]:
    queries = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(*arguments)

    began, burnt = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(count):
        response = ask()
    spent, cpu = time.perf_counter() - began, time.process_time() - burnt
    print(f"{MEMBERS} members, {label}: {spent:.2f} s ({cpu:.2f} s of our CPU), {queries} queries")
    return response, queries


def test_a_group_of_everybody(scim: Scim, directory: Directory, everybody: list[str], location: Location) -> None:
    mapping = GroupMapping.objects.create(directory=directory, group="All", role=PartnerRole.INCENTIVES_ADMIN)
    mapping.locations.add(location)

    plain, queries = timed("unmapped group made", lambda: scim.new_group("Other", *everybody))
    assert plain.status_code == 201 and queries < 40

    made, queries = timed("mapped group made", lambda: scim.new_group("All", *everybody))
    assert made.status_code == 201 and queries < 60
    held = RoleAssignment.objects.filter(origin=Origin.DIRECTORY, ended_at=None)
    assert held.count() == MEMBERS and AuditEntry.objects.filter(act="role_assigned").count() == MEMBERS
    path = f"/Groups/{said(made)['id']}"

    read, queries = timed("read", lambda: scim.get(path))
    assert len(said(read)["members"]) == MEMBERS and queries < 8

    one = {"op": "remove", "path": f'members[value eq "{everybody[0]}"]'}
    gone, queries = timed("one taken out", lambda: scim.patch(path, one))
    assert gone.status_code == 204 and queries < 60 and held.count() == MEMBERS - 1

    half = {"schemas": [GROUP], "displayName": "All", "members": [{"value": pk} for pk in everybody[: MEMBERS // 2]]}
    replaced, queries = timed("half of them replaced", lambda: scim.put(path, half))
    assert replaced.status_code == 200 and queries < 60 and held.count() == MEMBERS // 2

    again, queries = timed("the same again", lambda: scim.put(path, half))
    assert again.status_code == 200 and queries < 20
    gone, queries = timed("group deleted", lambda: scim.delete(path))
    assert gone.status_code == 204 and held.count() == 0
