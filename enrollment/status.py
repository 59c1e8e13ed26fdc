"""The heart: what the facts of an enrollment mean (section *Status* of docs/reference/rules.md).

`derive(facts)` is the whole rule. It is pure: no database, no clock, no language. Everything else in the portal either
gathers the facts for it (`enrollment.facts`), stores what it says (`enrollment.derivation`) or shows it.

The order of the questions is the rule. The first one that is answered yes decides:

1. Is it a Partner Global Account's?       → Inactive: history
2. Is the program no longer offered?       → Discontinued
3. Has it ended, or has its year?          → Inactive, with the reason
4. Was it declined?                        → Inactive
5. Was it never accepted?                  → Invited, or Inactive / Not eligible with the reason
6. Is anything the partner's turn?         → Action required
7. Is anything the operator's turn?        → Validating enrollment
8.                                         → Enrolled
"""

import datetime as dt
import enum
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _


class Status(enum.StrEnum):
    """What is stored. *Enrolling* is missing because it is not a state but a way of looking: see `shown_to`."""

    INVITED = "invited"
    ACTION_REQUIRED = "action_required"
    VALIDATING = "validating"
    ENROLLED = "enrolled"
    INACTIVE = "inactive"
    DISCONTINUED = "discontinued"


class ShownStatus(enum.StrEnum):
    """What a viewer reads."""

    INVITED = "invited"
    ACTION_REQUIRED = "action_required"
    VALIDATING = "validating"
    ENROLLED = "enrolled"
    ENROLLING = "enrolling"
    INACTIVE = "inactive"
    NOT_ELIGIBLE = "not_eligible"
    DISCONTINUED = "discontinued"


STATUS_CHOICES = [
    (Status.INVITED.value, _("Invited")),
    (Status.ACTION_REQUIRED.value, _("Action required")),
    (Status.VALIDATING.value, _("Validating enrollment")),
    (Status.ENROLLED.value, _("Enrolled")),
    (Status.INACTIVE.value, _("Inactive / Not eligible")),
    (Status.DISCONTINUED.value, _("Discontinued")),
]


class Reason(enum.StrEnum):
    """Why an enrollment is inactive. The texts stand in `enrollment.wording`."""

    NONE = ""
    NOT_ELIGIBLE = "not_eligible"
    NOT_OPEN = "not_open"
    INVITATION_DUE = "invitation_due"
    NOT_EVALUATED = "not_evaluated"
    DECLINED = "declined"
    DEADLINE_PASSED = "deadline_passed"
    WITHDRAWN = "withdrawn"
    YEAR_ENDED = "year_ended"
    NOT_OFFERED = "not_offered"
    INCOMPLETE = "incomplete"
    PGA_HISTORY = "pga_history"
    DISCONTINUED = "discontinued"


class Turn(enum.StrEnum):
    """Whose turn a requirement is."""

    MET = "met"
    PARTNER = "partner"
    OPERATOR = "operator"


class ProfileState(enum.StrEnum):
    """Where the payout or tax profile of an enrollment stands, for the program's paying entity, by its latest version."""

    MISSING = "missing"
    ARCHIVED = "archived"
    FROZEN = "frozen"
    UNFIT = "unfit"  # a payment method that the program does not use
    EXPIRED = "expired"  # the tax form is past its last day
    UNCHECKED = "unchecked"  # nothing was submitted for this version yet
    VALIDATING = "validating"
    REJECTED = "rejected"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class FieldReason:
    """A field that was rejected, and the coded reason."""

    field: str
    code: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ProfileFacts:
    """The state of one profile; `due_at` while validating, `reasons` when rejected, `profile_id` where there is one."""

    state: ProfileState = ProfileState.MISSING
    due_at: dt.datetime | None = None
    expires_on: dt.date | None = None
    reasons: tuple[FieldReason, ...] = ()
    profile_id: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the status depends on. Days are the operator's days; `respond_by` and all ends are last days, inclusive."""

    today: dt.date
    year_starts_on: dt.date
    year_ends_on: dt.date
    is_pga: bool = False
    discontinued_on: dt.date | None = None
    offered: bool = True
    opens_on: dt.date | None = None
    closes_on: dt.date | None = None
    eligible: bool | None = None
    invited: bool = False
    respond_by: dt.date | None = None
    accepted: bool = False
    declined: bool = False
    ended: bool = False
    end_reason: str = ""
    payout: ProfileFacts = field(default_factory=ProfileFacts)
    tax: ProfileFacts = field(default_factory=ProfileFacts)
    currency_fits: bool = False
    submitted: bool = False


@dataclass(frozen=True, slots=True)
class Requirement:
    """One row behind the status (rule STA-1): whose turn, until when, why it failed, and the one link that mends it.

    `link` names a page: eligibility, invitation, enroll, payout, tax, submit, or nothing where there is only waiting.
    """

    key: str
    turn: Turn
    reason: str = ""
    link: str = ""
    deadline: dt.date | dt.datetime | None = None
    fields: tuple[FieldReason, ...] = ()
    profile_id: str = ""

    def as_json(self) -> dict[str, Any]:
        """The row as it is stored; empty entries are left out."""
        row: dict[str, Any] = {"key": self.key, "turn": self.turn.value}
        if self.reason:
            row["reason"] = self.reason
        if self.link:
            row["link"] = self.link
        if self.deadline:
            moment = self.deadline.astimezone(dt.UTC) if isinstance(self.deadline, dt.datetime) else self.deadline
            row["deadline"] = moment.isoformat()
        if self.fields:
            row["fields"] = [{"field": f.field, "code": f.code, "note": f.note} for f in self.fields]
        if self.profile_id:
            row["profile_id"] = self.profile_id
        return row


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the facts mean. `again_on` is the first day on which time alone may change it."""

    status: Status
    reason: Reason = Reason.NONE
    requirements: tuple[Requirement, ...] = ()
    again_on: dt.date | None = None


def derive(facts: Facts) -> Outcome:
    """The status of an enrollment, why, what is required of whom, and when to ask again."""
    if facts.is_pga:
        return Outcome(Status.INACTIVE, Reason.PGA_HISTORY)
    if facts.discontinued_on and facts.today > facts.discontinued_on:
        return Outcome(Status.DISCONTINUED, Reason.DISCONTINUED)
    if facts.ended:
        return _inactive(Reason(facts.end_reason), facts)
    if facts.today > facts.year_ends_on:
        return _inactive(Reason.YEAR_ENDED, facts)
    if facts.declined:
        return _inactive(Reason.DECLINED, facts)
    if not facts.accepted:
        return _before_acceptance(facts)
    return _after_acceptance(facts)


def _before_acceptance(facts: Facts) -> Outcome:
    """Rules INV-1, INV-7 and ELI-3: an invitation stands while the location is eligible, the window open and time left."""
    if facts.invited and facts.respond_by and facts.today > facts.respond_by:
        return _inactive(Reason.DEADLINE_PASSED, facts)
    if facts.eligible is False:
        return _inactive(Reason.NOT_ELIGIBLE, facts)
    if not is_open(facts):
        return _inactive(Reason.NOT_OPEN, facts)
    if facts.eligible is None:
        return _inactive(Reason.NOT_EVALUATED, facts)
    if not facts.invited:
        return _inactive(Reason.INVITATION_DUE, facts)
    deadline = earliest(facts.respond_by, facts.closes_on)
    accept = Requirement("invitation", Turn.PARTNER, link="invitation", deadline=deadline)
    return Outcome(Status.INVITED, requirements=(accept,), again_on=_next_change(facts))


def _after_acceptance(facts: Facts) -> Outcome:
    """Rules ENR-2…4: complete only when everything is chosen, submitted and validated."""
    rows = (
        Requirement("invitation", Turn.MET),
        _profile_row("payout", facts.payout, submitted=facts.submitted),
        _profile_row("tax", facts.tax, submitted=facts.submitted),
        Requirement("currency", Turn.MET)
        if facts.currency_fits
        else Requirement("currency", Turn.PARTNER, reason="currency_missing", link="enroll"),
        Requirement("submit", Turn.MET) if facts.submitted else Requirement("submit", Turn.PARTNER, link="enroll"),
    )
    turns = {row.turn for row in rows}
    if Turn.PARTNER in turns:
        status = Status.ACTION_REQUIRED
    elif Turn.OPERATOR in turns:
        status = Status.VALIDATING
    else:
        status = Status.ENROLLED
    return Outcome(status, requirements=rows, again_on=_next_change(facts))


def _profile_row(key: str, profile: ProfileFacts, *, submitted: bool) -> Requirement:
    """The requirement that a payout or tax profile makes of somebody."""
    match profile.state:
        case ProfileState.APPROVED:
            return Requirement(key, Turn.MET, profile_id=profile.profile_id)
        case ProfileState.VALIDATING:
            return Requirement(
                key, Turn.OPERATOR, reason=f"{key}_validating", deadline=profile.due_at, profile_id=profile.profile_id
            )
        case ProfileState.UNCHECKED if submitted:
            return Requirement(key, Turn.OPERATOR, reason=f"{key}_validating", profile_id=profile.profile_id)
        case ProfileState.UNCHECKED:
            return Requirement(key, Turn.MET, reason=f"{key}_chosen", profile_id=profile.profile_id)
        case ProfileState.MISSING | ProfileState.ARCHIVED | ProfileState.UNFIT:
            return Requirement(key, Turn.PARTNER, reason=f"{key}_{profile.state}", link="enroll")
        case ProfileState.FROZEN:  # rule PAY-5: the operator finds out whose change it was
            return Requirement(key, Turn.OPERATOR, reason=f"{key}_{profile.state}", profile_id=profile.profile_id)
        case _:  # rejected, expired: mended on the profile itself
            return Requirement(
                key, Turn.PARTNER, reason=f"{key}_{profile.state}", link=key, fields=profile.reasons, profile_id=profile.profile_id
            )


def _inactive(reason: Reason, facts: Facts) -> Outcome:
    """Inactive, with the usable next step or the named owner that STA-1 asks for."""
    match reason:
        case Reason.NOT_ELIGIBLE:
            row = Requirement("eligibility", Turn.PARTNER, reason=reason, link="eligibility")
        case Reason.DECLINED if is_open(facts) and facts.eligible is not False:
            row = Requirement(
                "invitation", Turn.PARTNER, reason=reason, link="invitation", deadline=earliest(facts.respond_by, facts.closes_on)
            )
        case Reason.NOT_OPEN:
            opens = _opens(facts) if facts.offered and _opens(facts) > facts.today else None
            row = Requirement("window", Turn.OPERATOR, reason=reason, deadline=opens)
        case Reason.INVITATION_DUE | Reason.NOT_EVALUATED | Reason.YEAR_ENDED if not facts.ended:
            row = Requirement("operator", Turn.OPERATOR, reason=reason)
        case _:
            row = Requirement("closed", Turn.MET, reason=reason)
    # What has ended may still turn from inactive to discontinued, and into nothing else.
    over = facts.ended or reason is Reason.YEAR_ENDED
    again = _after(facts.discontinued_on, facts.today) if over else _next_change(facts)
    return Outcome(Status.INACTIVE, reason, (row,), again)


def is_open(facts: Facts) -> bool:
    """Whether the program takes enrollments for this year today; without a window, the year itself is the window."""
    return (
        facts.offered
        and _opens(facts) <= facts.today <= facts.year_ends_on
        and (facts.closes_on is None or facts.today <= facts.closes_on)
    )


def _opens(facts: Facts) -> dt.date:
    return facts.opens_on or facts.year_starts_on


def _next_change(facts: Facts) -> dt.date | None:
    """The first day after today on which a date among the facts makes a difference."""
    last_days = (facts.year_ends_on, facts.discontinued_on, facts.closes_on, facts.respond_by, facts.tax.expires_on)
    changes = [_after(last, facts.today) for last in last_days]
    return earliest(*changes, _opens(facts) if _opens(facts) > facts.today else None)


def _after(last: dt.date | None, today: dt.date) -> dt.date | None:
    """The day after a last day, unless it has come already."""
    return last + dt.timedelta(days=1) if last and last >= today else None


def earliest(*days: dt.date | None) -> dt.date | None:
    """The first of the days that are given."""
    return min((day for day in days if day), default=None)


def shown_to(status: Status | str, reason: str, *, may_enroll: bool) -> ShownStatus:
    """The status as a viewer reads it: who isn't an incentives admin for it reads *Enrolling* for the work in progress."""
    status = Status(status)
    if status in {Status.ACTION_REQUIRED, Status.VALIDATING} and not may_enroll:
        return ShownStatus.ENROLLING
    if status is Status.INACTIVE and reason == Reason.NOT_ELIGIBLE:
        return ShownStatus.NOT_ELIGIBLE
    return ShownStatus(status.value)
