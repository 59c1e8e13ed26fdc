"""What a patch does to a group's members, read from its operations without reading the members.

A directory sends one small patch for each person who joins or leaves; a group may have thousands who stay.
"""

import re
import uuid
from collections.abc import Sequence
from typing import Any

from scim2_models import PatchOperation

from accounts.scim.resources import Group
from accounts.services.provisioned_groups import Members

MEMBERS = re.compile(r"(?:urn:ietf:params:scim:schemas:core:2\.0:Group:)?members", re.IGNORECASE)
ONE_MEMBER = re.compile(rf'{MEMBERS.pattern}\[\s*value\s+eq\s+"([0-9a-f-]{{36}})"\s*\]', re.IGNORECASE)
Operations = Sequence["PatchOperation[Group]"]


def split(operations: Operations) -> tuple[list["PatchOperation[Group]"], Members] | None:
    """The operations that are not about members, and what the others come to; None where that takes the members themselves."""
    others, members = [], Members()
    for operation in operations:
        path = str(operation.path or "")
        if "members" not in path.lower() and not _names_members(operation):
            others.append(operation)
            continue
        changed = _after(members, operation, path)
        if changed is None:
            return None
        members = changed
    return others, members


def _names_members(operation: "PatchOperation[Group]") -> bool:
    """Whether the value of an operation without a path says who the members are."""
    return not operation.path and isinstance(operation.value, dict) and any("members" in key.lower() for key in operation.value)


def _after(members: Members, operation: "PatchOperation[Group]", path: str) -> Members | None:
    one = ONE_MEMBER.fullmatch(path)
    if one and operation.op == PatchOperation.Op.remove and operation.value is None:
        return members.without(_ids([{"value": one[1]}]) or frozenset())
    ids = _ids(operation.value) if MEMBERS.fullmatch(path) else None
    if ids is None:
        return None
    if operation.op == PatchOperation.Op.remove:
        return members.without(ids) if ids else None
    return members.along_with(ids) if operation.op == PatchOperation.Op.add else Members(wanted=ids)


def _ids(value: Any) -> frozenset[uuid.UUID] | None:
    """The ids that a list of members names, None where it is no such list."""
    if not isinstance(value, list):
        return None
    try:
        return frozenset(uuid.UUID(entry["value"]) for entry in value)
    except (TypeError, KeyError, ValueError, AttributeError):
        return None
