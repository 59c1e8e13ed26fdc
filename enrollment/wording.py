"""What the codes of `enrollment.status` mean, in words: what it is, whose turn, what to do (rule STA-1).

`{operator}` in a text stands for the operator's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from enrollment.status import Reason, ShownStatus

Text = str | Promise

STATUS_LABELS: dict[str, Text] = {
    ShownStatus.ACTION_REQUIRED: _("Action required"),
    ShownStatus.INVITED: _("Invited"),
    ShownStatus.ENROLLING: _("Enrolling"),
    ShownStatus.VALIDATING: _("Validating enrollment"),
    ShownStatus.ENROLLED: _("Enrolled"),
    ShownStatus.NOT_ELIGIBLE: _("Not eligible"),
    ShownStatus.INACTIVE: _("Inactive"),
    ShownStatus.DISCONTINUED: _("Discontinued"),
}


def status_labels() -> Mapping[str, str]:
    """The labels in the reader's language."""
    return _status_labels(get_language())


@cache
def _status_labels(_language: str | None) -> Mapping[str, str]:
    return {shown.value: str(STATUS_LABELS[shown]) for shown in ShownStatus}


# Under the title of an enrollment's page: what the status means for it.
STATUS_SENTENCES: dict[str, Text] = {
    ShownStatus.ACTION_REQUIRED: _("Something is still missing from you before {operator} can pay this location."),
    ShownStatus.INVITED: _("{operator} invites this location to enroll."),
    ShownStatus.ENROLLING: _("An incentives admin of your company is enrolling this location."),
    ShownStatus.VALIDATING: _("Everything is submitted. {operator} is verifying your bank and tax information."),
    ShownStatus.ENROLLED: _("Bank and tax information are validated. There is nothing more to do."),
    ShownStatus.NOT_ELIGIBLE: _("The location doesn't meet the program's requirements at the moment."),
    ShownStatus.INACTIVE: _("The enrollment isn't active."),
    ShownStatus.DISCONTINUED: _("{operator} no longer offers this program. The enrollment is kept as history."),
}

REASON_SENTENCES: dict[str, Text] = {
    Reason.NOT_ELIGIBLE: _("The location doesn't meet the program's requirements at the moment."),
    Reason.NOT_OPEN: _("The program isn't open for enrollment right now."),
    Reason.INVITATION_DUE: _("The location is eligible. Its invitation follows with the next daily run."),
    Reason.NOT_EVALUATED: _("Whether the location is eligible is evaluated with the next daily run."),
    Reason.DECLINED: _("The invitation was declined."),
    Reason.DEADLINE_PASSED: _("Nobody accepted the invitation before its deadline."),
    Reason.WITHDRAWN: _("{operator} withdrew the invitation."),
    Reason.YEAR_ENDED: _("The fiscal year of this enrollment has ended."),
    Reason.NOT_OFFERED: _("The program isn't offered in the next fiscal year, so the enrollment ended with its year."),
    Reason.INCOMPLETE: _(
        "Payout or tax information wasn't complete at the end of the fiscal year, so the enrollment wasn't continued."
    ),
    Reason.PGA_HISTORY: _("Enrollments of a Partner Global Account are kept as history. Locations enroll now."),
    Reason.DISCONTINUED: _("{operator} no longer offers this program. The enrollment is kept as history."),
}


@dataclass(frozen=True, slots=True)
class RequirementText:
    """A requirement in words: the sentence, the words of the link that mends it, and, where nobody can mend it now,
    what the *Actions required* column says instead."""

    sentence: Text = ""
    action: Text = ""
    waiting: Text = ""


TITLES: dict[str, Text] = {
    "invitation": _("Invitation"),
    "payout": _("Payout profile"),
    "tax": _("Tax profile"),
    "currency": _("Currency"),
    "submit": _("Submission"),
    "eligibility": _("Eligibility"),
    "window": _("Enrollment window"),
    "operator": _("Next step"),
    "closed": _("Closed"),
}

_T = RequirementText
VALIDATES = _("{operator} validates")

# By the coded reason of a requirement, else by its key and turn.
REQUIREMENTS: dict[str, RequirementText] = {
    "invitation_partner": _T(_("Enroll accepts the invitation. Nothing is sent to {operator} before you submit."), _("Enroll")),
    "invitation_met": _T(_("Accepted.")),
    "payout_missing": _T(_("No payout profile is chosen yet."), _("Choose a payout profile")),
    "payout_archived": _T(_("The chosen payout profile was archived. Choose another one."), _("Choose a payout profile")),
    "payout_unfit": _T(
        _("This program doesn't pay by the payment method of the chosen profile. Choose another one."), _("Choose a payout profile")
    ),
    "payout_rejected": _T(
        _("{operator} couldn't validate the payout profile. Correct what is named here; saving it starts a new validation."),
        _("Correct the payout profile"),
    ),
    "payout_frozen": _T(
        _(
            "The payout profile is frozen because somebody reported that a change of its bank details wasn't theirs. "
            "{operator} looks into it and speaks with you."
        ),
        waiting=_("{operator} looks into a reported change"),
    ),
    "payout_chosen": _T(_("Chosen. {operator} validates it once you submit.")),
    "payout_validating": _T(_("{operator} is verifying the payout profile. This takes up to 48 hours."), waiting=VALIDATES),
    "payout_met": _T(_("Validated.")),
    "tax_missing": _T(_("No tax profile is chosen yet."), _("Choose a tax profile")),
    "tax_archived": _T(_("The chosen tax profile was archived. Choose another one."), _("Choose a tax profile")),
    "tax_rejected": _T(
        _("{operator} couldn't validate the tax profile. Correct what is named here; saving it starts a new validation."),
        _("Correct the tax profile"),
    ),
    "tax_expired": _T(_("The form of the tax profile has expired. Add one that is in force."), _("Renew the tax profile")),
    "tax_chosen": _T(_("Chosen. {operator} validates it once you submit.")),
    "tax_validating": _T(_("{operator} is verifying the tax profile. This takes up to 48 hours."), waiting=VALIDATES),
    "tax_met": _T(_("Validated.")),
    "currency_missing": _T(_("Choose the currency that this location is paid in."), _("Choose a currency")),
    "currency_met": _T(_("Chosen.")),
    "submit_partner": _T(_("Check the profiles and submit the enrollment."), _("Check and submit")),
    "submit_met": _T(_("Submitted.")),
    Reason.NOT_ELIGIBLE: _T(
        _("The next page shows what is met, what isn't, and what would meet it."),
        _("See what is missing"),
        _("Requirements not met"),
    ),
    Reason.NOT_OPEN: _T(REASON_SENTENCES[Reason.NOT_OPEN], waiting=_("Not open for enrollment")),
    Reason.INVITATION_DUE: _T(REASON_SENTENCES[Reason.INVITATION_DUE], waiting=_("{operator} will invite this location")),
    Reason.NOT_EVALUATED: _T(REASON_SENTENCES[Reason.NOT_EVALUATED], waiting=_("{operator} will evaluate eligibility")),
    Reason.DECLINED: _T(
        _("The invitation was declined. You can take that back while the program is open for enrollment."),
        _("Undo declining"),
        _("Declined"),
    ),
    Reason.DEADLINE_PASSED: _T(REASON_SENTENCES[Reason.DEADLINE_PASSED], waiting=_("The deadline has passed")),
    Reason.WITHDRAWN: _T(REASON_SENTENCES[Reason.WITHDRAWN], waiting=_("Invitation withdrawn")),
    Reason.YEAR_ENDED: _T(REASON_SENTENCES[Reason.YEAR_ENDED], waiting=_("The fiscal year has ended")),
    Reason.NOT_OFFERED: _T(REASON_SENTENCES[Reason.NOT_OFFERED], waiting=_("No longer offered")),
    Reason.INCOMPLETE: _T(REASON_SENTENCES[Reason.INCOMPLETE], waiting=_("Not continued: incomplete")),
}

# Why a line of a rollover plan isn't simply carried over (rule FIS-2).
ROLLOVER_REASONS: dict[str, Text] = {
    "incomplete": _("Carried over, something is missing"),
    "not_eligible": _("Ends: the location won't be eligible"),
    "not_offered": _("Ends: the program isn't offered"),
    "pga_history": _("Ends: Partner Global Account, history"),
}
ROLLOVER_HEADS: dict[str, Text] = {
    "": _("Carried over"),
    "incomplete": _("Incomplete"),
    "not_eligible": _("Not eligible"),
    "not_offered": _("Not offered"),
    "pga_history": _("PGA history"),
}
PLAN_STATES: dict[str, Text] = {
    "planning": _("Being made"),
    "planned": _("Waits for approval"),
    "approved": _("Approved"),
    "paused": _("Paused"),
    "applying": _("Being applied"),
    "applied": _("Applied"),
}

CAUSES: dict[str, Text] = {
    "accepted": _("The invitation was accepted"),
    "declined": _("The invitation was declined"),
    "decline_undone": _("Declining was undone"),
    "profiles_chosen": _("Profiles were chosen"),
    "submitted": _("The enrollment was submitted"),
    "invited": _("The location was invited"),
    "invited_again": _("The location was invited again"),
    "invitation_withdrawn": _("The invitation was withdrawn"),
    "evaluated": _("Eligibility was evaluated"),
    "program_changed": _("The program was changed"),
    "year_opened": _("The program opened a new fiscal year"),
    "time": _("A date was reached"),
    "payout_changed": _("The payout profile was changed"),
    "tax_changed": _("The tax profile was changed"),
    "profile_archived": _("A profile was archived"),
    "profile_frozen": _("The payout profile was frozen"),
    "alarm_genuine": _("The change of bank details was found genuine"),
    "alarm_taken_back": _("The change of bank details was taken back"),
    "validation_approved": _("Bank or tax information was validated"),
    "validation_rejected": _("Bank or tax information was rejected"),
    "validation_reopened": _("A decision about bank or tax information was taken back"),
    "continued": _("The enrollment was continued from the fiscal year before"),
    "year_ended": _("The fiscal year ended"),
}
SOMETHING_CHANGED = _("Something that the status depends on changed")


@dataclass(frozen=True, slots=True)
class NoticeText:
    """The heading of a notice, with program, place and year in it, and what it asks for."""

    title: Text
    sentence: Text


NOTICES: dict[str, NoticeText] = {
    "invitation": NoticeText(_("%(place)s is invited to %(program)s"), _("Enroll the location to be paid by this program.")),
    "assign_admin": NoticeText(
        _("%(place)s is invited to %(program)s and has no incentives admin"),
        _("Assign one, so that somebody can enroll the location."),
    ),
    "rejected": NoticeText(
        _("%(program)s: information of %(place)s has to be corrected"),
        _("{operator} couldn't validate it. The page says what to correct."),
    ),
    "enrolled": NoticeText(_("%(place)s is enrolled in %(program)s"), _("There is nothing more to do.")),
    "reminder": NoticeText(
        _("%(program)s: something waits for %(place)s"), _("A deadline is near. The page says what is missing.")
    ),
    "unanswered": NoticeText(
        _("%(program)s: nobody has opened the invitation of %(place)s"),
        _("Assign another incentives admin, or ask the one that there is."),
    ),
    "not_continued": NoticeText(
        _("%(program)s for %(place)s was not continued after %(year)s"), _("The page says why, and what can be done.")
    ),
    "held": NoticeText(
        _("%(program)s for %(place)s was continued into %(year)s, but something is missing"),
        _("The page says what is missing before you can be paid."),
    ),
}


def worded(text: Text) -> str:
    """The text in the language of the page, with the operator's name in it."""
    return str(text).replace("{operator}", settings.OPERATOR_NAME).replace("{partner_center}", settings.PARTNER_CENTER_NAME)


def text_of(requirement: Mapping[str, Any]) -> RequirementText:
    """The words of a stored requirement."""
    by_turn = f"{requirement['key']}_{requirement['turn']}"
    return REQUIREMENTS.get(requirement.get("reason") or by_turn) or REQUIREMENTS.get(by_turn) or RequirementText()


def cause_in_words(cause: str) -> str:
    """What caused a change of status, for the timeline."""
    return worded(CAUSES.get(cause, SOMETHING_CHANGED))


def sentence_of(shown: str, reason: str) -> str:
    """What the status of an enrollment means for it."""
    return worded(REASON_SENTENCES.get(reason) or STATUS_SENTENCES[shown])
