"""The same role for many members at once, as a directory's group gives and takes it (rule ACC-5)."""

from collections.abc import Collection, Sequence
from typing import Any

from accounts.announcements import role_ended, role_given_to_many
from accounts.models import Location, Membership, Origin, RoleAssignment, RoleLocation
from accounts.services import coverage, global_admins
from accounts.services.roles import Terms
from incentives_portal.core import audit, clock


def give(*, members: Sequence[Membership], role: str, terms: Terms, locations: Collection[Location], by: audit.By) -> None:
    """Gives `role` to members of one partner who don't hold it, and who are neither suspended nor closed, as the directory's."""
    terms.refuse_nonsense(role)
    partner_id = members[0].partner_id
    made = [
        RoleAssignment(
            membership=member,
            partner_id=partner_id,
            role=role,
            entire_organization=terms.entire_organization,
            program_codes=list(terms.program_codes),
            origin=Origin.DIRECTORY,
        )
        for member in members
    ]
    with global_admins.kept(partner_id):
        RoleAssignment.objects.bulk_create(made)
        RoleLocation.objects.bulk_create(
            RoleLocation(assignment=one, location_id=place, partner_id=partner_id)
            for one in made
            for place in sorted(terms.location_ids)
        )
    numbers = sorted(place.mpn_id for place in locations if place.pk in terms.location_ids)
    audit.record_all(audit.entry_of("role_assigned", one, by=by, after=_facts(one, numbers)) for one in made)
    role_given_to_many.send(RoleAssignment, assignments=made, by=by)


def end(*, held: Sequence[RoleAssignment], by: audit.By) -> None:
    """Ends roles of one partner. Raises ValidationError where the last global admin's is among them."""
    moment = clock.now()
    with global_admins.kept(held[0].partner_id):
        RoleAssignment.objects.filter(pk__in=[one.pk for one in held], ended_at=None).update(ended_at=moment)
    audit.record_all(audit.entry_of("role_ended", one, by=by, before=_facts(one, _numbers(one))) for one in held)
    for one in held:
        one.ended_at = moment
        role_ended.send(RoleAssignment, assignment=one, by=by)
    coverage.tell_of_gaps(held, occasion=f"{held[0].pk}:{len(held)}")


def _numbers(assignment: RoleAssignment) -> list[str]:
    return sorted(row.location.mpn_id for row in assignment.listed.all())


def _facts(assignment: RoleAssignment, numbers: list[str]) -> dict[str, Any]:
    """As `services.roles` keeps them in the audit log, without asking for each again."""
    return {
        "member": str(assignment.membership_id),
        "person": assignment.membership.user.email,
        "role": assignment.role,
        "entire_organization": assignment.entire_organization,
        "locations": numbers,
        "programs": list(assignment.program_codes),
        "expires_on": assignment.expires_on.isoformat() if assignment.expires_on else None,
        "origin": assignment.origin,
    }
