"""The saved views that somebody finds: their own, and those that colleagues share."""

from django.db.models import Q, QuerySet

from accounts.actor import Actor
from enrollment.models import SavedView


def found_by(actor: Actor) -> QuerySet[SavedView]:
    """Of the partner that the actor speaks for: their own, then colleagues' shared ones, each by name."""
    own = Q(owner=actor.user.pk)
    views = SavedView.objects.filter(own | Q(is_shared=True), partner=actor.partner.pk) if actor.partner else None
    return (views if views is not None else SavedView.objects.filter(own, partner=None)).order_by("name", "pk")


def owned_by(actor: Actor) -> QuerySet[SavedView]:
    """Those that the actor may change; to them no others exist here."""
    return SavedView.objects.filter(owner=actor.user.pk, partner=actor.partner.pk if actor.partner else None)
