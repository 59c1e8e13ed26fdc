"""A location found from anywhere: by its Partner ID at once, else by its name or place."""

from django.db.models import Q, QuerySet

from accounts.actor import Actor
from accounts.models import Location
from accounts.policy import within
from accounts.roles import Permission

LONGEST = 100


def locations_seen_by(actor: Actor) -> QuerySet[Location]:
    """The locations whose enrollments `actor` sees; to them no others exist (rule ACC-8)."""
    return Location.objects.filter(within(actor, Permission.SEE_ENROLLMENTS, location="pk")).select_related("partner")


def asked_for(text: str) -> str:
    """What was typed, tidied: a Partner ID is often pasted with spaces around and within."""
    return " ".join(text.replace("\x00", "")[:LONGEST].split())


def by_partner_id(actor: Actor, text: str) -> Location | None:
    """The location with exactly this Partner ID."""
    return locations_seen_by(actor).filter(mpn_id__iexact=text.replace(" ", "")).first()


def found(actor: Actor, text: str) -> QuerySet[Location]:
    """Every word must be found in the Partner ID's beginning, the name, the place or the partner's name."""
    hits = Q()
    for word in text.split():
        hits &= (
            Q(mpn_id__startswith=word) | Q(name__icontains=word) | Q(city__icontains=word) | Q(partner__legal_name__icontains=word)
        )
    rows = locations_seen_by(actor).order_by("name", "mpn_id")
    return rows.filter(hits) if text else rows.none()
