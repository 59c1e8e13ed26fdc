"""Telling a person by mail that somebody else changed what they may do."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.urls import reverse

from accounts.models import Membership, RoleAssignment
from accounts.queries.people import terms_in_words
from accounts.roles import ROLES
from incentives_portal.core import audit, outbox

Change = tuple[str, RoleAssignment]


def tell(membership: Membership, changes: Sequence[Change], *, by: Any, event: str = "") -> None:
    """Owes the member one mail about `changes`: pairs of *assigned*, *changed* or *ended* and the role.

    `event` is *suspended*, *restored* or *removed* where that is what happened. Nobody is told of what they did themselves,
    nor of what a feed, a command or their directory did: those who run these tell their people. Call it in the transaction
    of the change.
    """
    person = audit.person(by)
    if person is None or person.pk == membership.user_id:
        return
    outbox.owe(
        "role_changed",
        to=membership.user,
        # One mail for each act, however often the same act is repeated on another day.
        key=f"role_changed:{membership.pk}:{uuid4()}",
        context={
            "partner": membership.partner,
            "by": person,
            "event": event,
            "changes": [_Told(what, assignment) for what, assignment in changes],
            "path": reverse("my_roles"),
        },
    )


class _Told:
    """A changed role; worded when the mail is rendered, in the language of its reader."""

    def __init__(self, what: str, assignment: RoleAssignment) -> None:
        self.what, self.assignment = what, assignment

    @property
    def role(self) -> str:
        return self.assignment.get_role_display()

    @property
    def sentence(self) -> str:
        return str(ROLES[self.assignment.role].sentence)

    @property
    def terms(self) -> str:
        return terms_in_words(self.assignment)
