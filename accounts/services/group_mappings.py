"""Which group of a partner's directory gives which role, where (rule ACC-5)."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from accounts.models import Directory, GroupMapping, Location
from accounts.services import authority, directory_roles
from accounts.services.directories import tell
from accounts.services.roles import Terms

MOST = 500


@transaction.atomic
def save(
    *,
    directory: Directory,
    mapping: GroupMapping | None = None,
    group: str,
    role: str,
    entire_organization: bool,
    locations: Iterable[Location] = (),
    program_codes: Iterable[str] = (),
    by: Any,
) -> GroupMapping:
    """Adds a mapping, or changes `mapping`; who is in the group has the role at once.

    All mappings of one role name the same programs: places of several groups add up, and programs of several would widen
    one another's. Raises ValidationError.
    """
    authority.require_may_configure_sign_in(by, directory.partner)
    places = [] if entire_organization else list(locations)
    terms = Terms.asked(entire_organization=entire_organization, locations=places, program_codes=program_codes)
    terms.refuse_nonsense(role)
    if any(place.partner_id != directory.partner_id for place in places):
        raise ValidationError(_("A location does not belong to this partner."), code="foreign_location")
    _lock(directory)
    _refuse_conflicts(directory, mapping, group.strip(), role, terms)
    before = _facts(mapping) if mapping else None
    row = mapping or GroupMapping(directory=directory)
    row.group, row.role, row.entire_organization = group.strip(), role, entire_organization
    row.program_codes = list(terms.program_codes)
    row.save()
    row.locations.set(places)
    tell(directory, "group_mapping_saved", by=by, thing=row, before=before, after=_facts(row))
    directory_roles.align_everybody(directory=directory)
    return row


@transaction.atomic
def remove(*, mapping: GroupMapping, by: Any) -> None:
    """The group gives the role no longer; who has it by no other group loses it at once."""
    directory = mapping.directory
    authority.require_may_configure_sign_in(by, directory.partner)
    _lock(directory)
    tell(directory, "group_mapping_removed", by=by, thing=mapping, before=_facts(mapping))
    mapping.delete()
    directory_roles.align_everybody(directory=directory)


def _lock(directory: Directory) -> None:
    """Two admins who map at once go one after the other."""
    Directory.objects.select_for_update(no_key=True).get(pk=directory.pk)


def _refuse_conflicts(directory: Directory, mapping: GroupMapping | None, group: str, role: str, terms: Terms) -> None:
    others = directory.mappings.exclude(pk=mapping.pk) if mapping else directory.mappings.all()
    if others.filter(role=role).annotate(name=Lower("group")).filter(name=group.lower()).exists():
        raise ValidationError(_("This group gives this role already. Change that mapping."), code="twice")
    if any(tuple(sorted(other.program_codes)) != terms.program_codes for other in others.filter(role=role)):
        raise ValidationError(
            _("All groups that give this role must name the same programs. Change the others first."),
            code="programs",
        )
    if mapping is None and others.count() >= MOST:
        raise ValidationError(_("A directory has at most %(count)s group mappings.") % {"count": MOST}, code="many")


def _facts(mapping: GroupMapping) -> dict[str, Any]:
    return {
        "group": mapping.group,
        "role": mapping.role,
        "entire_organization": mapping.entire_organization,
        "locations": list(mapping.locations.order_by("mpn_id").values_list("mpn_id", flat=True)),
        "programs": list(mapping.program_codes),
    }
