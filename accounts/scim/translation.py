"""Resources of SCIM ↔ what the services take and the rows hold: the one place where the two vocabularies meet. Pure."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from scim2_models import GroupMembership, Meta, Reference

from accounts.models import DirectoryGroup, DirectoryPerson
from accounts.scim.resources import Group, Member, User
from accounts.services.directory_said import Said
from accounts.services.provisioned_groups import Members, SaidOfGroup

# These have columns of their own, or belong to the portal.
NOT_PROFILE = ("schemas", "id", "meta", "groups", "userName", "externalId")


def tag(row: DirectoryPerson | DirectoryGroup) -> str:
    """The entity tag of a row: which of its versions this is."""
    return f'W/"{row.version}"'


def meta(row: DirectoryPerson | DirectoryGroup, kind: str, base: str) -> Meta:
    """What every resource says of itself."""
    return Meta(
        resource_type=kind,
        created=row.created_at,
        last_modified=row.changed_at,
        location=f"{base}/{kind}s/{row.pk}",
        version=tag(row),
    )


def user_of(row: DirectoryPerson, base: str) -> User:
    """A person as a resource; `base` is the address below which resources live."""
    user = User.model_validate({**row.profile, "userName": row.user_name})
    user.id, user.external_id = str(row.pk), row.external_id or None
    user.meta = meta(row, "User", base)
    groups = [
        GroupMembership(value=str(group.pk), display=group.name, ref=Reference(f"{base}/Groups/{group.pk}"), type="direct")
        for group in row.groups.all()
    ]
    user.groups = groups or None
    return user


def said_of(user: User) -> Said:
    """What the directory says of a person by this resource."""
    profile = {key: value for key, value in user.model_dump().items() if key not in NOT_PROFILE}
    return Said((user.user_name or "").strip(), user.external_id or "", profile)


def group_of(row: DirectoryGroup, members: Iterable[uuid.UUID], base: str) -> Group:
    """A group as a resource, with these members."""
    group = Group(id=str(row.pk), external_id=row.external_id or None, display_name=row.name, meta=meta(row, "Group", base))
    group.members = [_member(str(pk), base) for pk in members] or None
    return group


def _member(pk: str, base: str) -> Member:
    # Built from our own rows, so there is nothing to check; a group may have ten thousand of them.
    return Member.model_construct({"value", "ref", "type"}, value=pk, ref=Reference(f"{base}/Users/{pk}"), type="User")


def said_of_group(group: Group, members: Members | None = None) -> SaidOfGroup:
    """What the directory says of a group by this resource; `members` where they were said in another way than by listing them.

    Raises ValidationError where a listed member has no valid id.
    """
    if members is None:
        members = Members(wanted=frozenset(_id(member.value) for member in group.members or ()))
    return SaidOfGroup((group.display_name or "").strip(), group.external_id or "", members)


def _id(value: Any) -> uuid.UUID:
    try:
        return uuid.UUID(str(value))
    except ValueError:
        raise ValidationError(_("A member is not a person whom this directory has provisioned."), code="member") from None


def spread(operations: Any) -> Any:
    """The operations of a patch as scim2-models takes them, where Microsoft Entra ID writes them otherwise.

    A path with a condition that stands as a key of a value becomes an operation of its own; entries to remove are named by
    what identifies them alone, not by the nulls beside it.
    """
    if not isinstance(operations, list):
        return operations
    return [part for operation in operations for part in _parts(operation)]


def _parts(operation: Any) -> list[Any]:
    if not isinstance(operation, dict):
        return [operation]
    value = operation.get("value")
    if isinstance(value, list) and str(operation.get("op")).lower() == "remove":
        return [{**operation, "value": [_identity(entry) for entry in value]}]
    if operation.get("path") or not isinstance(value, dict) or not any("[" in key for key in value):
        return [operation]
    plain = {key: one for key, one in value.items() if "[" not in key}
    others = [{**operation, "path": key, "value": one} for key, one in value.items() if "[" in key]
    return [*([{**operation, "value": plain}] if plain else []), *others]


def _identity(entry: Any) -> Any:
    return {"value": entry["value"]} if isinstance(entry, dict) and entry.get("value") is not None else entry
