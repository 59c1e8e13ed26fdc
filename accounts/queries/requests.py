"""Requests for roles as the screen says them (rule ACC-7)."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import policy
from accounts.actor import Actor
from accounts.models import Location, RoleRequest
from accounts.roles import INCENTIVES_ROLES


@dataclass(frozen=True, slots=True)
class ShownRequest:
    """A request with what it is for in words.

    `mine` says whether the viewer can grant it, `at_once` whether a list may offer that: an admin role is granted on the
    page that says what it allows.
    """

    request: RoleRequest
    role: str
    scope: str
    mine: bool

    @property
    def at_once(self) -> bool:
        return self.mine and self.request.role in INCENTIVES_ROLES


def shown_requests(actor: Actor, requests: Iterable[RoleRequest]) -> list[ShownRequest]:
    """These requests in words; two queries, whatever their number."""
    rows = list(requests)
    wanted = {pk for row in rows for pk in row.location_ids}
    places = {place.pk: place for place in Location.objects.filter(pk__in=wanted)} if wanted else {}
    return [
        ShownRequest(
            row,
            row.get_role_display(),
            _scope(row, [places[pk] for pk in row.location_ids if pk in places]),
            policy.may_assign(actor, row.role) and row.membership.user_id != actor.user.pk,
        )
        for row in rows
    ]


def _scope(request: RoleRequest, places: list[Location]) -> str:
    if request.entire_organization:
        where = _("Entire organization")
    elif len(places) == 1:
        where = str(places[0])
    else:
        where = ngettext("%(count)s location", "%(count)s locations", len(places)) % {"count": len(places)}
    return f"{where} · {request.program_code}" if request.program_code else where
