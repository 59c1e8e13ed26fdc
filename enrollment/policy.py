"""Who sees which enrollment, and who may act on it: the two questions, and the same answers as filters."""

from django.db.models import Q, QuerySet

from accounts.actor import Actor
from accounts.policy import can, require, within
from accounts.roles import Permission
from enrollment.models import Enrollment

PLACE = {"location": "location_id", "program": "program__code"}


def visible_to(actor: Actor) -> QuerySet[Enrollment]:
    """Global and account admins see all of their partner's enrollments, incentives roles those of their locations and
    programs, the operator's people all (rules ACC-1, ACC-8)."""
    return Enrollment.objects.filter(within(actor, Permission.SEE_ENROLLMENTS, **PLACE))


def enrollable_by(actor: Actor) -> Q:
    """The enrollments that `may_enroll` answers yes for, as a filter."""
    return within(actor, Permission.ENROLL, **PLACE)


def may_enroll(actor: Actor, enrollment: Enrollment) -> bool:
    """Only an incentives admin with the location, and the program where the role lists programs, in scope (rule ACC-1)."""
    return can(actor, Permission.ENROLL, enrollment.scope)


def require_enroll(actor: Actor, enrollment: Enrollment) -> None:
    """Raises NotAllowedError, whose page says who may (rule ACC-7), unless `may_enroll`."""
    require(actor, Permission.ENROLL, enrollment.scope)
