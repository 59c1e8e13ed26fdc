"""Where one enrollment stands: what is done, what is missing, whose turn it is and until when (rules STA-1, STA-2, VAL-4)."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import OperatorAssignment
from accounts.policy import may_assign
from accounts.queries.who_can import who_can
from accounts.roles import PartnerRole, Permission
from enrollment.links import Links
from enrollment.models import Enrollment, StatusChange
from enrollment.moments import in_words, is_over, parsed, time_left
from enrollment.policy import may_enroll
from enrollment.queries.owners import can_do
from enrollment.status import Reason, ShownStatus, Status, Turn, shown_to
from enrollment.wording import STATUS_LABELS, TITLES, cause_in_words, sentence_of, text_of, worded
from profiles.fields import labels_of
from profiles.reasons import text_for
from profiles.standing import in_force

# The part of the enrollment guide that a status is about (rule PRG-2).
GUIDE_PART = {
    ShownStatus.INVITED: "invitation",
    ShownStatus.ACTION_REQUIRED: "profiles",
    ShownStatus.ENROLLING: "statuses",
    ShownStatus.VALIDATING: "validation",
    ShownStatus.ENROLLED: "year",
    ShownStatus.NOT_ELIGIBLE: "eligibility",
    ShownStatus.INACTIVE: "statuses",
    ShownStatus.DISCONTINUED: "statuses",
}


@dataclass(frozen=True, slots=True)
class RejectedField:
    """A field that was rejected, why, and the link to it for who may mend it."""

    label: str
    text: str
    note: str
    url: str


@dataclass(frozen=True, slots=True)
class Task:
    """One requirement in words; `state` is met, partner, operator or later; `is_next` marks the first to be mended."""

    state: str
    title: str
    sentence: str
    owner: str = ""
    deadline: str = ""
    url: str = ""
    action: str = ""
    is_next: bool = False
    rejected: tuple[RejectedField, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """The operator's decision: by when, and how long that is, or since when it is overdue."""

    by: str
    left: str

    @property
    def is_overdue(self) -> bool:
        return not self.left


@dataclass(frozen=True, slots=True)
class Past:
    """One change of status in words."""

    at: dt.datetime
    shown: ShownStatus
    label: str
    cause: str
    by: str


@dataclass(frozen=True, slots=True)
class Standing:
    """All that an enrollment's page says about it."""

    enrollment: Enrollment
    mine: bool
    shown: ShownStatus
    label: str
    sentence: str
    guide_part: str
    tasks: tuple[Task, ...]
    wait: Wait | None
    who: str
    ask_url: str
    may_take: bool
    timeline: tuple[Past, ...]
    payout: str
    tax: str
    paid_by: tuple[str, ...]

    @property
    def can_answer(self) -> bool:
        """Whether the viewer can accept or decline now (rules ENR-1, INV-7)."""
        return self.mine and self.enrollment.status == Status.INVITED

    @property
    def can_undo(self) -> bool:
        return self.mine and self.enrollment.reason == Reason.DECLINED and any(task.state == "partner" for task in self.tasks)

    @property
    def can_choose(self) -> bool:
        """Whether profiles can be chosen, or chosen anew."""
        return self.mine and self.enrollment.status in {Status.ACTION_REQUIRED, Status.VALIDATING, Status.ENROLLED}

    @property
    def is_moving(self) -> bool:
        """Whether the page looks again by itself: only while the operator is at it."""
        return self.enrollment.status == Status.VALIDATING

    @property
    def version(self) -> str:
        """Changes whenever the status does."""
        return f"{self.enrollment.status}-{self.enrollment.status_since.timestamp():.6f}"


def standing(actor: Actor, enrollment: Enrollment, now: dt.datetime) -> Standing:
    """The enrollment as `actor` reads it."""
    mine = may_enroll(actor, enrollment)
    shown = shown_to(enrollment.status, enrollment.reason, may_enroll=mine)
    who = ""
    if not mine and any(row["turn"] == Turn.PARTNER and row.get("link") != "eligibility" for row in enrollment.requirements):
        names = who_can(Permission.ENROLL, enrollment.scope)
        who = can_do(names.holders, names.granters)
    sees_profiles = Permission.SEE_PROFILES in actor.permissions and mine
    return Standing(
        enrollment=enrollment,
        mine=mine,
        shown=shown,
        label=str(STATUS_LABELS[shown]),
        sentence=sentence_of(shown, enrollment.reason),
        guide_part=GUIDE_PART[shown],
        tasks=_tasks(enrollment, now, mine=mine),
        wait=_wait(enrollment, now),
        who=who,
        **_way_on(actor, enrollment, who),
        timeline=_timeline(enrollment, actor, mine=mine),
        payout=str(enrollment.payout_profile) if sees_profiles and enrollment.payout_profile else "",
        tax=str(enrollment.tax_profile) if sees_profiles and enrollment.tax_profile else "",
        paid_by=_paid_by(enrollment) if sees_profiles and enrollment.submitted_at and enrollment.status != Status.ENROLLED else (),
    )


def _paid_by(enrollment: Enrollment) -> tuple[str, ...]:
    """Which earlier versions stay in force as long as the latest ones aren't validated (rule PAY-4)."""
    payout, tax, entity = enrollment.payout_profile, enrollment.tax_profile, enrollment.program.paying_entity
    said: list[str] = []
    if payout and payout.latest and not payout.frozen_at:
        number = in_force(payout).get(entity, payout.latest.number)
        if number != payout.latest.number:
            said.append(
                _("Version %(number)d of the payout profile stays in force until a newer one is validated.") % {"number": number}
            )
    if tax and tax.latest:
        number = in_force(tax).get(entity, tax.latest.number)
        if number != tax.latest.number:
            said.append(
                _("Version %(number)d of the tax profile stays in force until a newer one is validated.") % {"number": number}
            )
    return tuple(said)


def _way_on(actor: Actor, enrollment: Enrollment, who: str) -> dict[str, Any]:
    """Where a member who can't act asks for the role, or assigns it, who can enroll being somebody else (rule ACC-7)."""
    if not who or actor.partner is None or enrollment.location_id is None:
        return {"ask_url": "", "may_take": False}
    if may_assign(actor, PartnerRole.INCENTIVES_ADMIN):
        return {"ask_url": reverse("location_people", args=[enrollment.location_id]), "may_take": True}
    asked = {"role": PartnerRole.INCENTIVES_ADMIN.value, "location": str(enrollment.location_id)}
    return {"ask_url": f"{reverse('role_ask')}?{urlencode(asked)}", "may_take": False}


def _tasks(enrollment: Enrollment, now: dt.datetime, *, mine: bool) -> tuple[Task, ...]:
    links, rows = Links(), enrollment.requirements
    open_before = [row for row in rows if row["turn"] == Turn.PARTNER and row["key"] != "submit"]
    tasks = [_task(row, enrollment, links, now, mine=mine, later=bool(open_before)) for row in rows]
    first = next((task for task in tasks if task.url), None)
    return tuple(replace(task, is_next=True) if task is first else task for task in tasks)


def _task(row: Mapping[str, Any], enrollment: Enrollment, links: Links, now: dt.datetime, *, mine: bool, later: bool) -> Task:
    text, deadline, state = text_of(row), parsed(row.get("deadline")), str(row["turn"])
    if row["key"] == "submit" and state == Turn.PARTNER and later:
        return Task("later", worded(TITLES["submit"]), "")
    may_mend = state == Turn.PARTNER and (mine or row.get("link") == "eligibility")
    url = links.mending(row, enrollment.pk) if may_mend and row.get("link") != "invitation" else ""
    return Task(
        state=state,
        title=worded(TITLES[row["key"]]),
        sentence=worded(text.sentence),
        # The company, where it isn't the viewer who can; who of the company can, the page says above.
        owner=str(enrollment.partner) if state == Turn.PARTNER and (not mine or row.get("link") == "eligibility") else "",
        deadline=_deadline(row, deadline, now),
        url=url,
        action=worded(text.action),
        rejected=_rejected(row, enrollment, url),
    )


def _rejected(row: Mapping[str, Any], enrollment: Enrollment, url: str) -> tuple[RejectedField, ...]:
    """The rejected fields by the names that the form gives them, each with its link (rule VAL-3)."""
    profile = enrollment.payout_profile if row["key"] == "payout" else enrollment.tax_profile
    if not row.get("fields") or profile is None or profile.latest is None:
        return ()
    labels, page = labels_of(profile.latest), url.partition("#")[0]
    return tuple(
        RejectedField(
            label=str(labels.get(one["field"], TITLES[row["key"]])),
            text=text_for(one["code"]),
            note=one.get("note", ""),
            url=f"{page}#field-{one['field']}" if page else "",
        )
        for one in row["fields"]
    )


def _deadline(row: Mapping[str, Any], deadline: dt.date | dt.datetime | None, now: dt.datetime) -> str:
    if deadline is None:
        return ""
    when = in_words(deadline, now)
    if row["key"] == "window":
        return _("opens on %(when)s") % {"when": when}
    if row["turn"] == Turn.OPERATOR:
        return (
            _("overdue since %(when)s") % {"when": when} if is_over(deadline, now) else _("decision by %(when)s") % {"when": when}
        )
    return _("by %(when)s") % {"when": when}


def _wait(enrollment: Enrollment, now: dt.datetime) -> Wait | None:
    """By when the last open validation is decided; the first overdue one, where there is one (rule VAL-4)."""
    if enrollment.status != Status.VALIDATING:
        return None
    dues = [parsed(row.get("deadline")) for row in enrollment.requirements if row["turn"] == Turn.OPERATOR]
    moments = [due for due in dues if isinstance(due, dt.datetime)]
    if not moments:
        return None
    late = [due for due in moments if is_over(due, now)]
    due = min(late) if late else max(moments)
    return Wait(in_words(due, now), time_left(due, now))


def _timeline(enrollment: Enrollment, actor: Actor, *, mine: bool) -> tuple[Past, ...]:
    """Every change of status, the newest first, with who or what caused it (rule STA-2)."""
    works_there = Exists(OperatorAssignment.objects.filter(user=OuterRef("by")))
    changes = StatusChange.objects.filter(enrollment=enrollment).select_related("by").annotate(by_operator=works_there)
    return tuple(_past(change, actor, mine=mine) for change in changes.order_by("-id"))


def _past(change: Any, actor: Actor, *, mine: bool) -> Past:
    """One change as the actor reads it: partners read the operator's name, not those of its people."""
    shown = shown_to(change.after, change.reason, may_enroll=mine)
    named = change.by and (actor.is_operator or not change.by_operator)
    author = str(change.by) if named else settings.OPERATOR_NAME
    return Past(change.at, shown, str(STATUS_LABELS[shown]), cause_in_words(change.cause), author)
