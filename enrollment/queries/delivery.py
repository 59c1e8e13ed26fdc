"""What became of an invitation's mails and notices, person by person (rules INV-1, INV-6)."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.roles import Permission
from enrollment.models import Enrollment, Notice
from enrollment.policy import may_enroll
from enrollment.services.invitations import TOLD
from enrollment.status import Reason, Status
from enrollment.wording import Text
from incentives_portal.core.models import Mail

STATES: dict[str, Text] = {
    "opened": _("Opened"),
    Mail.State.SENT: _("Sent, not opened yet"),
    Mail.State.OWED: _("On its way"),
    Mail.State.DEAD: _("Refused by the mail server"),
    "": _("No mail"),
}
ABOUT: dict[str, Text] = {
    Notice.Kind.INVITATION: _("Invitation"),
    Notice.Kind.ASSIGN_ADMIN: _("Asked to assign an incentives admin"),
    Notice.Kind.REMINDER: _("Reminder"),
    Notice.Kind.UNANSWERED: _("Told that nobody opened it"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One person who was told of an invitation, and what became of it."""

    person: str
    about: str
    state: str
    label: str
    at: dt.datetime
    opened_at: dt.datetime | None


def may_see_told(actor: Actor, enrollment: Enrollment) -> bool:
    """The operator's people, the incentives admins in scope, and the partner's admins; an incentives user need not know."""
    return actor.is_operator or may_enroll(actor, enrollment) or Permission.ASSIGN_INCENTIVES_ROLES in actor.permissions


def told_of(enrollment: Enrollment, actor: Actor) -> tuple[Told, ...]:
    """Everybody who was told, the newest first: two questions. Names and no addresses; nothing for whom it is no business."""
    if enrollment.invited_at is None or enrollment.program.open_to_all or not may_see_told(actor, enrollment):
        return ()
    notices = Notice.objects.filter(enrollment=enrollment, kind__in=TOLD, created_at__gte=enrollment.invited_at)
    found = list(notices.select_related("user").order_by("-created_at", "user__name"))
    states = dict(Mail.objects.filter(key__in=[one.key for one in found]).values_list("key", "state")) if found else {}
    return tuple(_told(one, states.get(one.key, "")) for one in found)


def _told(notice: Notice, mail: str) -> Told:
    opened_at = min(filter(None, (notice.opened_at, notice.followed_at)), default=None)
    state = "opened" if opened_at else mail
    return Told(str(notice.user), str(ABOUT[notice.kind]), state, str(STATES[state]), notice.created_at, opened_at)


def invitation_acts(enrollment: Enrollment, actor: Actor) -> dict[str, Any]:
    """What a program manager can do with the invitation now."""
    if Permission.MANAGE_PROGRAMS not in actor.permissions:
        return {}
    is_open = enrollment.status == Status.INVITED
    return {
        "may_resend": is_open and not enrollment.program.open_to_all,
        "may_withdraw": is_open,
        "may_renew": enrollment.reason in {Reason.WITHDRAWN, Reason.DEADLINE_PASSED},
    }
