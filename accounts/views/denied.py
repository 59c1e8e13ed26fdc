"""The page of who sees a thing and may not act on it: it says who can (rule ACC-7)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.actor import Actor
from accounts.policy import NotAllowedError, Scope
from accounts.queries.who_can import WhoCan, operators_who_can, who_can
from accounts.roles import PERMISSION_TEXTS


def handler403(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What the actor may not do, who holds it, and who can grant it. Anything else that is forbidden names nobody."""
    actor: Actor | None = getattr(request, "actor", None)
    context: dict[str, object] = {}
    if actor and isinstance(exception, NotAllowedError):
        context = {"who": _who(actor, exception), "what": PERMISSION_TEXTS[exception.permission]}
    return render(request, "403.html", context, status=403)


def _who(actor: Actor, refusal: NotAllowedError) -> WhoCan:
    """Asked within the actor's own partner only: names of other partners' people are never shown."""
    if actor.partner is None:
        return operators_who_can(refusal.permission)
    where = refusal.where
    return who_can(refusal.permission, where if where and where.partner_id == actor.partner.pk else Scope(actor.partner.pk))
