"""Giving and ending roles (rules ACC-1, ACC-3, ACC-4): the portal, Django admin, the import and invitations all pass here."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.announcements import role_assigned, role_ended
from accounts.models import Location, Membership, Origin, RoleAssignment, RoleLocation
from accounts.roles import ADMIN_ROLES, PartnerRole
from accounts.services import authority, coverage, global_admins, role_locations, role_mails
from incentives_portal.core import audit, clock


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed with a role: where, for which programs, until when. Two equal terms are no change."""

    entire_organization: bool
    location_ids: frozenset[uuid.UUID]
    program_codes: tuple[str, ...]
    expires_on: dt.date | None

    @classmethod
    def asked(
        cls,
        *,
        entire_organization: bool,
        locations: Iterable[Location] = (),
        program_codes: Iterable[str] = (),
        expires_on: dt.date | None = None,
    ) -> "Terms":
        """The terms that are asked for; locations count for nothing beside the entire organization."""
        places = frozenset() if entire_organization else frozenset(place.pk for place in locations)
        return cls(entire_organization, places, tuple(sorted(set(program_codes))), expires_on)

    @classmethod
    def of(cls, assignment: RoleAssignment) -> "Terms":
        listed = assignment.listed.values_list("location_id", flat=True)
        codes = tuple(sorted(assignment.program_codes))
        return cls(assignment.entire_organization, frozenset(listed), codes, assignment.expires_on)

    def covers(self, other: "Terms") -> bool:
        """Whether who holds the role on these terms has what `other` asks for today."""
        places = self.entire_organization or (not other.entire_organization and other.location_ids <= self.location_ids)
        programs = not self.program_codes or (bool(other.program_codes) and set(other.program_codes) <= set(self.program_codes))
        return places and programs

    def refuse_nonsense(self, role: str) -> None:
        """Raises ValidationError with a sentence for the person who chose these terms."""
        if role not in PartnerRole.values:
            raise ValidationError(_("There is no such role."), code="role")
        if role in ADMIN_ROLES and (not self.entire_organization or self.program_codes):
            raise ValidationError(_("Global and account admins hold their role for the entire organization."), code="scope")
        if not self.entire_organization and not self.location_ids:
            raise ValidationError(_("Choose at least one location, or the entire organization."), code="no_location")
        if self.expires_on is not None and self.expires_on < clock.today():
            raise ValidationError(_("The expiry date has passed. Choose today or a later day."), code="expired")


@transaction.atomic
def assign(
    *,
    membership: Membership,
    role: str,
    entire_organization: bool,
    locations: Iterable[Location] = (),
    program_codes: Iterable[str] = (),
    expires_on: dt.date | None = None,
    quiet: bool = False,
    by: Any,
) -> RoleAssignment:
    """Gives `role` to a member on these terms, in place of the terms it is held on now; the same terms change nothing.

    The member is told by mail where somebody else did it, unless `quiet`: then the caller tells them. Where nothing but the
    locations changes, the role goes on and the rows written are those locations. Locations are ignored for the entire
    organization. Raises NotAllowedError where `by` may not assign the role, and ValidationError where the terms make no
    sense, the member is suspended, the directory owns the role, or the last global admin would expire.
    """
    places = [] if entire_organization else list(locations)
    terms = Terms.asked(
        entire_organization=entire_organization, locations=places, program_codes=program_codes, expires_on=expires_on
    )
    terms.refuse_nonsense(role)
    authority.require_may_assign(by, membership.partner, role)
    if any(place.partner_id != membership.partner_id for place in places):
        raise ValidationError(_("A location does not belong to this partner."), code="foreign_location")
    with global_admins.kept(membership.partner_id):
        _require_active(membership)
        held = RoleAssignment.objects.filter(membership=membership, role=role, ended_at=None).first()
        if held is not None and Terms.of(held) == terms and _origin(by) in {Origin.HAND, held.origin}:
            return held
        _refuse_directorys(held, by)
        if held is not None and _goes_on(held, terms, by):
            _relist(held, terms, by, quiet=quiet)
            return held
        if held is not None:
            _close(held)
        assignment = _open(membership, role, terms, by)
    _tell(assignment, held, by)
    if not quiet:
        role_mails.tell(membership, [("changed" if held else "assigned", assignment)], by=by)
    return assignment


def _goes_on(held: RoleAssignment, terms: Terms, by: Any) -> bool:
    """Whether a person changes nothing but the locations of a role that a person gave.

    What the feed gave stays as it was said: the import compares with it, and a person's own terms are a role of their own.
    """
    if held.granted_by_id is None or audit.person(by) is None or held.entire_organization or terms.entire_organization:
        return False
    return tuple(sorted(held.program_codes)) == terms.program_codes and held.expires_on == terms.expires_on


def _relist(held: RoleAssignment, terms: Terms, by: Any, *, quiet: bool) -> None:
    before = _facts(held)
    moved = role_locations.relist(held, terms.location_ids)
    audit.record("role_changed", held, by=by, before=before, after=_facts(held))
    if moved.unlisted:
        coverage.tell_of_gaps([held], occasion=f"{held.pk}:{clock.now():%Y%m%dT%H%M%S%f}", places=moved.unlisted)
    if moved.listed:
        role_assigned.send(RoleAssignment, assignment=held, by=by)
    if not quiet:
        role_mails.tell(held.membership, [("changed", held)], by=by)


@transaction.atomic
def end(*, assignment: RoleAssignment, quiet: bool = False, by: Any) -> None:
    """Ends a role and tells its holder, unless `quiet`. Raises ValidationError where it ended before, or is the last global admin's; NotAllowedError as `assign`."""
    authority.require_may_assign(by, assignment.membership.partner, assignment.role)
    with global_admins.kept(assignment.partner_id):
        held = RoleAssignment.objects.select_for_update().get(pk=assignment.pk)
        if held.ended_at is not None:
            raise ValidationError(_("This role had already ended."), code="ended")
        _refuse_directorys(held, by)
        _close(held)
    assignment.ended_at = held.ended_at
    audit.record("role_ended", held, by=by, before=_facts(held))
    role_ended.send(RoleAssignment, assignment=held, by=by)
    coverage.tell_of_gaps([held], occasion=str(held.pk))
    if not quiet:
        role_mails.tell(held.membership, [("ended", held)], by=by)


def _require_active(membership: Membership) -> None:
    # Read again under the partner's lock: somebody may have suspended them in between.
    if not Membership.objects.filter(pk=membership.pk, suspended_at=None, user__is_active=True).exists():
        raise ValidationError(_("This person is suspended or has left, and can't be given a role."), code="suspended")


def _origin(by: Any) -> Origin:
    return Origin.DIRECTORY if audit.is_directory(by) else Origin.HAND


def _refuse_directorys(held: RoleAssignment | None, by: Any) -> None:
    """What the directory gives, the directory takes (rule ACC-5): by hand it would be back at the next sign-in."""
    if held is not None and held.origin == Origin.DIRECTORY and not audit.is_directory(by):
        raise ValidationError(
            _("This role comes from your directory. Change the person's groups there, or the mapping of the group."),
            code="directory",
        )


def _close(held: RoleAssignment) -> None:
    held.ended_at = clock.now()
    held.save(update_fields=["ended_at"])


def _open(membership: Membership, role: str, terms: Terms, by: Any) -> RoleAssignment:
    assignment = RoleAssignment.objects.create(
        membership=membership,
        partner_id=membership.partner_id,
        role=role,
        entire_organization=terms.entire_organization,
        program_codes=list(terms.program_codes),
        expires_on=terms.expires_on,
        granted_by=audit.person(by),
        origin=_origin(by),
    )
    RoleLocation.objects.bulk_create(
        RoleLocation(assignment=assignment, location_id=place, partner_id=membership.partner_id)
        for place in sorted(terms.location_ids)
    )
    return assignment


def _tell(assignment: RoleAssignment, replaced: RoleAssignment | None, by: Any) -> None:
    """One audit entry; the end of the old terms is announced once the new ones stand, so that nobody sees a gap between."""
    act = "role_changed" if replaced else "role_assigned"
    audit.record(act, assignment, by=by, before=_facts(replaced) if replaced else None, after=_facts(assignment))
    if replaced is not None:
        role_ended.send(RoleAssignment, assignment=replaced, by=by)
        coverage.tell_of_gaps([replaced], occasion=str(replaced.pk))
    role_assigned.send(RoleAssignment, assignment=assignment, by=by)


def _facts(assignment: RoleAssignment) -> dict[str, Any]:
    """A role as the audit log keeps it."""
    places = assignment.listed.order_by("location__mpn_id").values_list("location__mpn_id", flat=True)
    return {
        "member": str(assignment.membership_id),
        "person": assignment.membership.user.email,
        "role": assignment.role,
        "entire_organization": assignment.entire_organization,
        "locations": list(places),
        "programs": list(assignment.program_codes),
        "expires_on": assignment.expires_on.isoformat() if assignment.expires_on else None,
        "origin": assignment.origin,
    }
