"""Gathers what is known of locations for their eligibility: four queries, whatever their number."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from accounts.models import Location
from enrollment.eligibility import AgreementFact, DesignationFact, LocationFacts
from enrollment.models import Agreement, Designation


class _Award(NamedTuple):
    """A designation and who holds it."""

    holder: UUID
    designation: str
    level: str
    awarded_on: dt.date
    expires_on: dt.date | None

    def seen_from(self, location_id: UUID) -> DesignationFact:
        return DesignationFact(self.designation, self.level, self.awarded_on, self.expires_on, here=self.holder == location_id)


def facts_of(locations: Sequence[Location]) -> dict[UUID, LocationFacts]:
    """The facts of each location, by its id: its own, its partner's, and the designations of the partner's other locations.

    The locations come with their partner selected.
    """
    partners = {location.partner_id for location in locations}
    agreements: defaultdict[tuple[UUID, UUID | None], list[AgreementFact]] = defaultdict(list)
    held = Agreement.objects.filter(partner__in=partners).order_by("pk")
    for partner_id, location_id, name, signed_on, ends_on in held.values_list(
        "partner_id", "location_id", "agreement", "signed_on", "ends_on"
    ):
        agreements[partner_id, location_id].append(AgreementFact(name, signed_on, ends_on))
    designations: defaultdict[UUID, list[_Award]] = defaultdict(list)
    awarded = Designation.objects.filter(partner__in=partners).order_by("pk")
    for partner_id, holder, name, level, awarded_on, expires_on in awarded.values_list(
        "partner_id", "location_id", "designation", "level", "awarded_on", "expires_on"
    ):
        designations[partner_id].append(_Award(holder, name, level, awarded_on, expires_on))
    return {
        location.pk: LocationFacts(
            country=str(location.country),
            membership_active=location.membership_active,
            membership_migrated_on=location.partner.membership_migrated_on,
            agreements=(*agreements[location.partner_id, None], *agreements[location.partner_id, location.pk]),
            designations=tuple(award.seen_from(location.pk) for award in designations[location.partner_id]),
        )
        for location in locations
    }
