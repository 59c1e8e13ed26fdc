"""Suspending many people in Django admin, and taking it back: one by one through the services, each with its own answer."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import policy
from accounts.admin_site import is_partners_admin
from accounts.models import Membership


def one_by_one(model_admin: Any, request: HttpRequest, members: Iterable[Membership], verb: Callable[..., None], done: str) -> None:
    """Does `verb` to each member; what may not be done stays undone, and the message says why."""
    for member in members:
        try:
            verb(membership=member, by=request.user)
        except ValidationError as refusal:
            model_admin.message_user(request, f"{member.user}: {' '.join(refusal.messages)}", messages.ERROR)
        except policy.NotAllowedError:
            refused = _("%(person)s: only a global admin can do this, because of the roles held.") % {"person": member.user}
            model_admin.message_user(request, refused, messages.ERROR)
        else:
            model_admin.message_user(request, done % {"person": member.user}, messages.SUCCESS)


def members_at_own(request: HttpRequest, users: Any) -> list[Membership]:
    """The memberships of these users at the actor's own partner; none at another one (rule ACC-8)."""
    actor = request.actor  # type: ignore[attr-defined]
    if not is_partners_admin(actor):
        return []
    rows = Membership.objects.filter(partner=actor.partner, removed_at=None, user__in=users.values("pk"))
    return list(rows.select_related("user", "partner").order_by("user__name", "user__email"))
