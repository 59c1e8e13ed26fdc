"""What the codes of `enrollment.bulk` mean, in words: a heading that counts well, and a sentence that says what to do."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from enrollment.bulk import DONE, NOTHING_LEFT, Code
from enrollment.status import Reason
from enrollment.wording import REASON_SENTENCES, Text, worded


@dataclass(frozen=True, slots=True)
class OutcomeText:
    """A code in words."""

    title: Text
    sentence: Text = ""


_T = OutcomeText
TEXTS: dict[str, OutcomeText] = {
    Code.READY: _T(_("Can be done")),
    Code.ENROLLED: _T(_("Enrolled"), _("Both profiles were validated already.")),
    Code.VALIDATING: _T(_("Submitted"), _("{operator} validates what isn't validated yet, within 48 hours.")),
    Code.ACCEPTED: _T(_("Accepted"), _("The profiles are chosen later.")),
    Code.DECLINED: _T(_("Declined"), _("That can be undone on the page of each while the program is open.")),
    Code.SUBMITTED_BEFORE: _T(_("Submitted already"), _("Somebody submitted it before. Nothing was changed.")),
    Code.ACCEPTED_BEFORE: _T(_("Accepted already"), _("Somebody accepted it before. Nothing was changed.")),
    Code.OUT_OF_SCOPE: _T(
        _("Not yours to enroll"),
        _("You are not incentives admin of this location and program. Its page says who can do it."),
    ),
    Code.OVERTAKEN: _T(
        _("Changed by somebody else"),
        _("A colleague worked on it after you had checked it, so it was left as it is. Look at it, then try it again."),
    ),
    Code.ACTION_REQUIRED: _T(_("Submitted, something is missing"), _("Its page says what has to be corrected.")),
    Code.PAYOUT_MISSING: _T(
        _("No default bank profile"), _("Give the location a default bank profile, or choose one profile for all.")
    ),
    Code.PAYOUT_ARCHIVED: _T(_("The payout profile was archived"), _("Choose another one.")),
    Code.PAYOUT_FROZEN: _T(
        _("The payout profile is frozen"),
        _("Somebody reported a change of its bank details. {operator} looks into it; until then choose another one."),
    ),
    Code.PAYOUT_UNFIT: _T(
        _("The program doesn't pay to this profile"), _("It doesn't use the profile's payment method. Choose another profile.")
    ),
    Code.PAYOUT_REJECTED: _T(_("The payout profile was rejected"), _("Correct it first, or choose another one.")),
    Code.TAX_MISSING: _T(_("No tax profile"), _("The location has no tax profile. Add one, then try it again.")),
    Code.TAX_SEVERAL: _T(_("Several tax profiles"), _("Which one is meant? Choose it on the enrollment's own page.")),
    Code.TAX_EXPIRED: _T(_("The tax form has expired"), _("Renew the tax profile, then try it again.")),
    Code.TAX_FORM: _T(_("Another tax form is needed"), _("The paying entity needs another form. Correct the tax profile.")),
    Code.TAX_REJECTED: _T(_("The tax profile was rejected"), _("Correct it, then try it again.")),
    Code.CURRENCY_MISSING: _T(_("No currency"), _("Nothing says which currency is meant. Choose one for all.")),
    Code.CURRENCY_NOT_PAID: _T(_("The program doesn't pay this currency"), _("Choose another currency.")),
    Code.CURRENCY_UNREACHED: _T(_("The account can't be paid in this currency"), _("Choose another currency, or another profile.")),
    Code.ERROR: _T(_("Something went wrong"), _("It wasn't done, and nothing was changed. Try it again.")),
    Reason.NOT_ELIGIBLE: _T(_("Not eligible")),
    Reason.NOT_OPEN: _T(_("Not open for enrollment")),
    Reason.INVITATION_DUE: _T(_("Not invited yet")),
    Reason.NOT_EVALUATED: _T(_("Not evaluated yet")),
    Reason.DECLINED: _T(_("Declined before")),
    Reason.DEADLINE_PASSED: _T(_("The deadline has passed")),
    Reason.WITHDRAWN: _T(_("Invitation withdrawn")),
    Reason.YEAR_ENDED: _T(_("The fiscal year has ended")),
    Reason.NOT_OFFERED: _T(_("No longer offered")),
    Reason.INCOMPLETE: _T(_("Not continued: incomplete")),
    Reason.PGA_HISTORY: _T(_("Kept as history")),
    Reason.DISCONTINUED: _T(_("Discontinued")),
}
WAITING = _("Waiting")
# What a row's sign looks like: the shapes of the statuses.
_LOOKS = {
    Code.ENROLLED: "enrolled",
    Code.VALIDATING: "validating",
    Code.ACCEPTED: "enrolling",
    Code.DECLINED: "inactive",
    "": "enrolling",
}


@dataclass(frozen=True, slots=True)
class Words:
    """A code as a page prints it."""

    code: str
    title: str
    sentence: str
    look: str


def words_of(code: str) -> Words:
    """The code in the reader's language."""
    text = TEXTS.get(code) or (OutcomeText(WAITING) if not code else TEXTS[Code.ERROR])
    sentence = text.sentence or REASON_SENTENCES.get(code, "")
    look = _LOOKS.get(code) or ("inactive" if code in NOTHING_LEFT else "action_required")
    return Words(code, worded(text.title), worded(sentence), look)


def is_done(code: str) -> bool:
    """Whether it is as it was meant to be."""
    return code in DONE
