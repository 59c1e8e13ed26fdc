"""Groups of the directory become roles of the portal (rule ACC-5): the one place where they do, for sign-in and provisioning."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Prefetch, QuerySet

from accounts.models import Directory, DirectoryPerson, GroupMapping, Location, Membership, Origin, RoleAssignment, RoleLocation
from accounts.roles import PartnerRole
from accounts.services import many_roles, roles
from incentives_portal.core import audit, clock
from incentives_portal.core.waking import wake_on_commit

# So many people are aligned while the admin who changes a mapping waits.
AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Given:
    """What a person's groups come to for one role. Locations and programs of several groups add up."""

    role: str
    entire_organization: bool
    locations: frozenset[Location]
    program_codes: frozenset[str]


def act_as(directory: Directory) -> audit.By:
    """The directory as an actor of the audit log."""
    return audit.directory(directory.partner.legal_name)


def given_by(groups: Iterable[str], mappings: Iterable[GroupMapping]) -> list[Given]:
    """The roles that `groups` give, one for each role. Names and numbers of groups are compared without regard to case.

    Mappings of one role all name the same programs (see `services.group_mappings`), so adding up places never widens a
    limit to programs.
    """
    known = {group.casefold() for group in groups}
    by_role: dict[str, list[GroupMapping]] = {}
    for mapping in mappings:
        if mapping.group.casefold() in known:
            by_role.setdefault(mapping.role, []).append(mapping)
    return [_added_up(role, by_role[role]) for role in PartnerRole.values if role in by_role]


def _added_up(role: str, mappings: list[GroupMapping]) -> Given:
    everywhere = any(mapping.entire_organization for mapping in mappings)
    places = frozenset() if everywhere else frozenset(place for mapping in mappings for place in mapping.locations.all())
    return Given(role, everywhere, places, frozenset(mappings[0].program_codes))


def groups_of(person: DirectoryPerson) -> set[str]:
    """Their groups: as provisioned, by name and by number, and as claimed at the last sign-in."""
    groups = set(person.claimed_groups)
    for group in person.groups.all():
        groups |= {group.name, group.external_id}
    return groups - {""}


@transaction.atomic
def align(*, person: DirectoryPerson, by: Any = None) -> list[ValidationError]:
    """Gives and ends roles until those from the directory are what the person's groups give; the others stay.

    Returns what was refused, such as taking the last global admin's role (rule ACC-4): that role stays as it is, with an entry
    in the audit log, until somebody else holds it.
    """
    by = by or act_as(person.directory)
    mappings = person.directory.mappings.prefetch_related("locations")
    wanted = [] if person.membership.suspended_at else given_by(groups_of(person), mappings)
    changes = [(given.role, partial(_give, person.membership, given, by)) for given in wanted]
    names = {given.role for given in wanted}
    for held in person.membership.roles.filter(ended_at=None, origin=Origin.DIRECTORY).exclude(role__in=names):
        changes.append((held.role, partial(roles.end, assignment=held, by=by)))
    refused = [_attempt(change, role, person.membership, by) for role, change in changes]
    return [refusal for refusal in refused if refusal is not None]


@transaction.atomic
def align_all(*, people: QuerySet[DirectoryPerson], by: Any) -> list[ValidationError]:
    """`align` for many people of one directory, roles that come before roles that go.

    Whose roles are right already costs nothing, whoever gains or loses a role as a whole little, and the rest goes one by one.
    """
    listed = Prefetch("listed", RoleLocation.objects.select_related("location"))
    held = Prefetch("membership__roles", RoleAssignment.objects.filter(ended_at=None).prefetch_related(listed))
    rows = list(people.select_related("directory__partner", "membership__user").prefetch_related("groups", held))
    mappings = list(rows[0].directory.mappings.prefetch_related("locations")) if rows else []
    refused: list[ValidationError] = []
    leaving: list[RoleAssignment] = []
    coming: dict[Given, list[Membership]] = {}
    for person in rows:
        gained, lost = _simply(person, mappings)
        if gained is None:
            refused += align(person=person, by=by)
            continue
        leaving += lost
        for given in gained:
            coming.setdefault(given, []).append(person.membership)
    for given, members in coming.items():
        many_roles.give(members=members, role=given.role, terms=_terms(given), locations=given.locations, by=by)
    return refused + (_end_all(leaving, by) if leaving else [])


def _simply(person: DirectoryPerson, mappings: list[GroupMapping]) -> tuple[list[Given] | None, list[RoleAssignment]]:
    """The roles that a person gains and loses; None where a role that they hold changes, which `align` sorts out."""
    is_here = person.membership.suspended_at is None and person.membership.user.is_active
    wanted = given_by(groups_of(person), mappings) if is_here else []
    held = {role.role: role for role in person.membership.roles.all()}
    gained = [given for given in wanted if given.role not in held]
    kept = [given for given in wanted if given.role in held]
    if any(held[given.role].origin != Origin.DIRECTORY or _terms_held(held[given.role]) != _terms(given) for given in kept):
        return None, []
    names = {given.role for given in wanted}
    return gained, [role for role in held.values() if role.origin == Origin.DIRECTORY and role.role not in names]


def _end_all(leaving: list[RoleAssignment], by: Any) -> list[ValidationError]:
    try:
        with transaction.atomic():
            many_roles.end(held=leaving, by=by)
    except ValidationError as refusal:
        return [refusal]
    return []


def _terms(given: Given) -> roles.Terms:
    return roles.Terms.asked(
        entire_organization=given.entire_organization, locations=given.locations, program_codes=given.program_codes
    )


def _terms_held(role: RoleAssignment) -> roles.Terms:
    listed = frozenset(row.location_id for row in role.listed.all())
    return roles.Terms(role.entire_organization, listed, tuple(sorted(role.program_codes)), role.expires_on)


def align_everybody(*, directory: Directory) -> None:
    """Aligns everybody the directory knows: at once where they are few, else by the sweep `realign_due`, which begins now."""
    known = list(directory.people.select_related("membership__user", "membership__partner", "directory__partner")[: AT_ONCE + 1])
    if len(known) <= AT_ONCE:
        for person in known:
            align(person=person)
        return
    Directory.objects.filter(pk=directory.pk).update(realign_due_at=clock.now())
    wake_on_commit("accounts.tasks.realign_directories")


def realign_due() -> int:
    """Aligns the people of every directory that waits for it, each in a transaction of their own; returns how many they were.

    Killed on the way, it begins anew: aligning twice is the same as once. A change of the mappings in between leaves the
    directory waiting.
    """
    done = 0
    for directory in Directory.objects.filter(realign_due_at__isnull=False):
        for person in directory.people.select_related("membership__user", "membership__partner", "directory__partner"):
            align(person=person)
            done += 1
        Directory.objects.filter(pk=directory.pk, realign_due_at=directory.realign_due_at).update(realign_due_at=None)
    return done


def _give(membership: Membership, given: Given, by: Any) -> None:
    roles.assign(
        membership=membership,
        role=given.role,
        entire_organization=given.entire_organization,
        locations=given.locations,
        program_codes=given.program_codes,
        by=by,
    )


def _attempt(change: Callable[[], object], role: str, membership: Membership, by: Any) -> ValidationError | None:
    try:
        with transaction.atomic():
            change()
    except ValidationError as refusal:
        audit.record("role_kept", membership, by=by, after={"role": role, "reason": refusal.code})
        return refusal
    return None
