"""The page of who may not see a thing, or may not act on it: it says who can (rule ACC-7)."""

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from accounts.actor import Actor
from accounts.models import Membership
from accounts.policy import NotAllowedError, Scope, may_assign
from accounts.queries.who_can import WhoCan, operators_who_can, roles_that_can, who_can
from accounts.roles import PERMISSION_TEXTS, Permission

logger = logging.getLogger(__name__)
# Who holds the second sees what the first would do something to.
SEEN_BY = {
    Permission.ENROLL: Permission.SEE_ENROLLMENTS,
    Permission.EDIT_PROFILES: Permission.SEE_PROFILES,
    Permission.ASSIGN_INCENTIVES_ROLES: Permission.SEE_PEOPLE,
    Permission.ASSIGN_ADMIN_ROLES: Permission.SEE_PEOPLE,
}


def handler403(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What the actor may not do, who holds it, and who can grant it. Anything else that is forbidden names nobody."""
    if isinstance(exception, NotAllowedError):
        return _not_allowed(request, exception)
    return render(request, "403.html", status=403)


def _not_allowed(request: HttpRequest, exception: NotAllowedError) -> HttpResponse:
    actor: Actor | None = getattr(request, "actor", None)
    context: dict[str, object] = {}
    if actor:
        who = _who(actor, exception)
        context = {
            "who": who,
            "what": PERMISSION_TEXTS[exception.permission],
            "whose": _whose(actor, who),
            "sees": SEEN_BY.get(exception.permission) in actor.permissions,
            **_ways_on(actor, exception, who),
        }
    response = render(request, "403.html", context, status=403)
    # Django would log the refusal with a traceback, as if something were broken.
    logger.warning("Forbidden, %s is missing: %s", exception.permission, request.path)
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _who(actor: Actor, refusal: NotAllowedError) -> WhoCan:
    """Asked within the actor's own partner only: names of other partners' people are never shown, nor the operator's to others."""
    if actor.partner is None:
        is_operators = actor.is_operator or actor.user.is_superuser
        return operators_who_can(refusal.permission) if is_operators else roles_that_can(refusal.permission)
    where = refusal.where
    return who_can(refusal.permission, where if where and where.partner_id == actor.partner.pk else Scope(actor.partner.pk))


def _whose(actor: Actor, who: WhoCan) -> str:
    """Whose work it is: the operator's, or a partner's own where that is nothing for the actor. Empty where the role is all."""
    if not who.ask_for:
        return "operators"
    return "" if actor.partner else "partners"


def _ways_on(actor: Actor, refusal: NotAllowedError, who: WhoCan) -> dict[str, str]:
    """To ask for the role, or to take it where the actor may: the address of the page that does it."""
    if actor.partner is None or not who.ask_for:
        return {}
    if may_assign(actor, who.ask_for):
        mine = Membership.objects.filter(partner=actor.partner, user=actor.user).values_list("pk", flat=True).first()
        return {"take_url": reverse("role_edit", args=[mine, who.ask_for])} if mine else {}
    here = refusal.where and refusal.where.partner_id == actor.partner.pk
    return {"ask_url": ask_url(who.ask_for, refusal.where if here else None)}


def ask_url(role: str, where: Scope | None = None) -> str:
    """The page on which one asks for `role`, at `where` if that is known."""
    asked = {"role": role}
    if where and where.location_id:
        asked["location"] = str(where.location_id)
    if where and where.program_code:
        asked["program"] = where.program_code
    return f"{reverse('role_ask')}?{urlencode(asked)}"
