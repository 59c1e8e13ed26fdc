"""Nobody decides on what they submitted or wrote, nor for a partner that they belong to (section 2 of the rules)."""

import uuid

from django.db.models import Q

from accounts.models import Membership, User
from profiles.models import Validation


def is_own(validation: Validation, person: User, *, belongs: bool) -> bool:
    """Whether a person has a part in a request; `belongs` says whether to its partner, which lists know for all rows at once."""
    behind = {validation.submitted_by_id, validation.version.created_by_id, validation.profile.created_by_id}
    return belongs or person.pk in behind


def belongs_to(person: User, partner_id: uuid.UUID) -> bool:
    """Whether a person belongs to the partner, or once did."""
    return Membership.objects.filter(user=person, partner_id=partner_id).exists()


def own_requests_of(person: User) -> Q:
    """The same in a queryset that has `is_of_own_partner` (see `policy.reviews_visible_to`)."""
    own = Q(submitted_by=person) | Q(is_of_own_partner=True)
    for version in ("payout_version", "tax_version"):
        own |= Q(**{f"{version}__created_by": person}) | Q(**{f"{version}__profile__created_by": person})
    return own
