"""The locations that a role lists, moved one by one: what stays is not written again."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from accounts.models import FormerRoleLocation, RoleAssignment, RoleLocation


@dataclass(frozen=True, slots=True)
class Moved:
    """The locations that a role began to list, and those that it lists no longer."""

    listed: frozenset[uuid.UUID]
    unlisted: frozenset[uuid.UUID]


def relist(assignment: RoleAssignment, location_ids: Collection[uuid.UUID]) -> Moved:
    """Makes `location_ids` what the role lists, and keeps as history what it listed until now.

    Two rows at most for each location that comes or goes, none for those that stay. The caller has asked whether that may
    be, holds the partner's lock, and writes the audit entry.
    """
    rows = {row.location_id: row for row in RoleLocation.objects.filter(assignment=assignment)}
    listed, unlisted = frozenset(location_ids) - rows.keys(), rows.keys() - frozenset(location_ids)
    gone = [rows[place] for place in sorted(unlisted)]
    FormerRoleLocation.objects.bulk_create(
        FormerRoleLocation(assignment=assignment, location_id=row.location_id, partner_id=row.partner_id, listed_at=row.listed_at)
        for row in gone
    )
    RoleLocation.objects.filter(pk__in=[row.pk for row in gone]).delete()
    RoleLocation.objects.bulk_create(
        RoleLocation(assignment=assignment, location_id=place, partner_id=assignment.partner_id) for place in sorted(listed)
    )
    # Whoever read the list before has it no longer.
    getattr(assignment, "_prefetched_objects_cache", {}).pop("listed", None)
    return Moved(frozenset(listed), frozenset(unlisted))
