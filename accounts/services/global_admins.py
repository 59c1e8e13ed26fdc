"""The last active global admin of a partner can be neither removed nor demoted (rule ACC-4)."""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.actor import roles_in_force
from accounts.models import Partner, RoleAssignment
from accounts.roles import PartnerRole


def _standing(partner_ids: Iterable[uuid.UUID]) -> set[tuple[uuid.UUID, bool]]:
    """Which partners have a global admin in force, and which have one without an expiry date (True)."""
    held = RoleAssignment.objects.filter(roles_in_force(), partner__in=partner_ids, role=PartnerRole.GLOBAL_ADMIN)
    rows = set(held.values_list("partner_id", "expires_on"))
    return {(partner_id, False) for partner_id, _on in rows} | {(partner_id, True) for partner_id, on in rows if on is None}


@contextmanager
def kept(*partner_ids: uuid.UUID) -> Iterator[None]:
    """Runs a change and raises ValidationError where it would take a partner's last global admin.

    One with an expiry date does not stand in for one without: the partner would lose both, a little later. The partners'
    rows are locked, so two admins who demote each other go one after the other. Needs a transaction, which the error undoes.
    """
    list(Partner.objects.filter(pk__in=partner_ids).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    before = _standing(partner_ids)
    yield
    if before - _standing(partner_ids):
        raise ValidationError(
            _("The last active global admin can be neither removed nor demoted. Assign another global admin first."),
            code="last_global_admin",
        )
