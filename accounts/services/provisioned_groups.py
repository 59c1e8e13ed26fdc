"""Groups that a partner's directory provisions (rule ACC-5), and the roles that their members get and lose by it."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import Directory, DirectoryGroup, DirectoryPerson, GroupMapping
from accounts.services import directory_roles
from accounts.services.provisioned_people import hold
from incentives_portal.core import audit, clock
from incentives_portal.core.visible import visible_text

# Names that the audit log keeps of one change; beyond that it keeps the number.
NAMED = 50


Ids = frozenset[uuid.UUID]
NOBODY: Ids = frozenset()


@dataclass(frozen=True, slots=True)
class Members:
    """Who shall be in a group: exactly `wanted`, or, where that is None, who is in it and `came`, without who `left`."""

    wanted: Ids | None = None
    came: Ids = NOBODY
    left: Ids = NOBODY

    def along_with(self, ids: Ids) -> "Members":
        if self.wanted is not None:
            return Members(wanted=self.wanted | ids)
        return Members(came=self.came | ids, left=self.left - ids)

    def without(self, ids: Ids) -> "Members":
        if self.wanted is not None:
            return Members(wanted=self.wanted - ids)
        return Members(came=self.came - ids, left=self.left | ids)


@dataclass(frozen=True, slots=True)
class SaidOfGroup:
    """A group in the directory's own words."""

    name: str
    external_id: str = ""
    members: Members = Members(wanted=NOBODY)


@transaction.atomic
def create(*, directory: Directory, said: SaidOfGroup, by: Any) -> DirectoryGroup:
    """Creates a group. Raises ValidationError where its name is `taken` or a member isn't the directory's (`member`)."""
    hold(directory)
    _refuse_nonsense(directory, said)
    group = DirectoryGroup.objects.create(directory=directory, name=said.name, external_id=said.external_id)
    audit.record("directory_group_created", group, by=by, partner_id=directory.partner_id, after=_facts(group))
    _bring_members(group, said.members, by)
    return group


@transaction.atomic
def change(*, group: DirectoryGroup, said: SaidOfGroup, by: Any) -> DirectoryGroup:
    """Makes a group what the directory says now, and its people's roles what their groups give.

    A change that would take the last global admin's role is refused as a whole (`last_global_admin`): the directory then
    reports it to its admins, where a change that held in half would be noticed by nobody.
    """
    hold(group.directory)
    _refuse_nonsense(group.directory, said, besides=group)
    spoken_of, before = _is_mapped(group), _facts(group)
    is_renamed = (group.name, group.external_id) != (said.name, said.external_id)
    if is_renamed:
        group.name, group.external_id = said.name, said.external_id
        group.version += 1
        group.changed_at = clock.now()
        group.save(update_fields=["name", "external_id", "version", "changed_at"])
        audit.record("directory_group_changed", group, by=by, partner_id=_partner(group), before=before, after=_facts(group))
        group.members.update(version=F("version") + 1)
        if spoken_of or _is_mapped(group):
            _align(group.members.all(), by)
    _bring_members(group, said.members, by)
    return group


@transaction.atomic
def delete(*, group: DirectoryGroup, by: Any) -> None:
    """The group is gone, and with it what it gave. Refused as `change` for the last global admin."""
    hold(group.directory)
    people = list(group.members.values_list("pk", flat=True))
    spoken_of, known = _is_mapped(group), {**_facts(group), "members": len(people)}
    audit.record("directory_group_deleted", group, by=by, partner_id=_partner(group), before=known)
    group.members.update(version=F("version") + 1)
    group.delete()
    if spoken_of:
        _align(DirectoryPerson.objects.filter(pk__in=people), by)


def _bring_members(group: DirectoryGroup, said: Members, by: Any) -> None:
    """Adds and takes people out until the group's members are as said."""
    rows = DirectoryPerson.groups.through.objects.filter(directorygroup=group)
    if said.wanted is None:
        rows = rows.filter(directoryperson__in=said.came | said.left)
    held = set(rows.values_list("directoryperson_id", flat=True))
    came = (said.came if said.wanted is None else said.wanted) - held
    left = held & said.left if said.wanted is None else held - said.wanted
    if not came and not left:
        return
    known = DirectoryPerson.objects.filter(directory=group.directory, is_provisioned=True, pk__in=came)
    if known.count() != len(came):
        raise ValidationError(_("A member is not a person whom this directory has provisioned."), code="member")
    through = DirectoryGroup.members.through
    through.objects.bulk_create(
        [through(directorygroup_id=group.pk, directoryperson_id=pk) for pk in sorted(came)], ignore_conflicts=True
    )
    through.objects.filter(directorygroup_id=group.pk, directoryperson_id__in=left).delete()
    affected = DirectoryPerson.objects.filter(pk__in=came | left)
    affected.update(version=F("version") + 1)
    group.version += 1
    group.changed_at = clock.now()
    group.save(update_fields=["version", "changed_at"])
    after = {"added": _names(came), "removed": _names(left)}
    audit.record("directory_group_members_changed", group, by=by, partner_id=_partner(group), after=after)
    if _is_mapped(group):
        _align(affected, by)


def _align(people: Any, by: Any) -> None:
    for refusal in directory_roles.align_all(people=people, by=by):
        raise refusal


def _is_mapped(group: DirectoryGroup) -> bool:
    """Whether a mapping speaks of the group; most groups of a directory give nothing here."""
    names = {group.name.casefold(), group.external_id.casefold()} - {""}
    mappings = GroupMapping.objects.filter(directory=group.directory).values_list("group", flat=True)
    return any(mapping.casefold() in names for mapping in mappings)


def _partner(group: DirectoryGroup) -> uuid.UUID:
    return group.directory.partner_id


def _names(ids: Collection[uuid.UUID]) -> list[str] | int:
    if len(ids) > NAMED:
        return len(ids)
    return sorted(DirectoryPerson.objects.filter(pk__in=ids).values_list("user_name", flat=True))


def _facts(group: DirectoryGroup) -> dict[str, Any]:
    return {"name": group.name, "external_id": group.external_id}


def _refuse_nonsense(directory: Directory, said: SaidOfGroup, besides: DirectoryGroup | None = None) -> None:
    if not said.name or len(said.name) > 200:
        raise ValidationError(_("displayName must hold 1 to 200 characters."), code="name")
    visible_text(said.name)
    if len(said.external_id) > 255:
        raise ValidationError(_("externalId must hold at most 255 characters."), code="external_id")
    rows = DirectoryGroup.objects.filter(directory=directory, name__iexact=said.name)
    if (rows.exclude(pk=besides.pk) if besides else rows).exists():
        raise ValidationError(_("The directory has provisioned a group with this displayName already."), code="taken")
