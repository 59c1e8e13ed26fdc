"""Many at once (rule ENR-5): what becomes of one row under a choice that is made for all of them.

`judge(situation, choice)` is the whole rule. It is pure: no database, no clock, no language. The preview asks it for every
row, and the worker once more for each, when the row's turn has come. The words for the codes stand in `enrollment.bulk_wording`.
"""

import enum
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from enrollment.status import Reason, Status


class Act(enum.StrEnum):
    """What is done to all of them. To accept leaves the profiles for later."""

    ENROLL = "enroll"
    ACCEPT = "accept"
    DECLINE = "decline"


ACTS = [(Act.ENROLL.value, _("Enroll")), (Act.ACCEPT.value, _("Accept")), (Act.DECLINE.value, _("Decline"))]


class Code(enum.StrEnum):
    """What is to become, or became, of a row. The reasons why an enrollment is inactive are codes, too."""

    # It can be done; the preview's only good answer.
    READY = "ready"
    # Done
    ENROLLED = "enrolled"
    VALIDATING = "validating"
    ACCEPTED = "accepted"
    DECLINED = "declined_now"
    # Nothing left to do
    SUBMITTED_BEFORE = "submitted_before"
    ACCEPTED_BEFORE = "accepted_before"
    # It can't be done
    OUT_OF_SCOPE = "out_of_scope"
    OVERTAKEN = "overtaken"
    ACTION_REQUIRED = "action_required"
    PAYOUT_MISSING = "payout_missing"
    PAYOUT_ARCHIVED = "payout_archived"
    PAYOUT_FROZEN = "payout_frozen"
    PAYOUT_UNFIT = "payout_unfit"
    PAYOUT_REJECTED = "payout_rejected"
    TAX_MISSING = "tax_missing"
    TAX_SEVERAL = "tax_several"
    TAX_EXPIRED = "tax_expired"
    TAX_FORM = "tax_form"
    TAX_REJECTED = "tax_rejected"
    CURRENCY_MISSING = "currency_missing"
    CURRENCY_NOT_PAID = "currency_not_paid"
    CURRENCY_UNREACHED = "currency_unreached"
    ERROR = "error"


DONE = frozenset({Code.ENROLLED, Code.VALIDATING, Code.ACCEPTED, Code.DECLINED})
NOTHING_LEFT = frozenset({Code.SUBMITTED_BEFORE, Code.ACCEPTED_BEFORE, Reason.DECLINED})


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen for all rows. Without a profile: what is chosen already, else the location's default bank profile;
    without a currency: what is chosen already, else the one that goes with the default, else the only one."""

    act: Act = Act.ENROLL
    payout_id: uuid.UUID | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Payout:
    """A payout profile as it stands for the program of the row. `refuses` are currencies that its account can't be paid in."""

    id: uuid.UUID
    flaw: Code | None = None
    refuses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax profile as it stands for the program of the row."""

    id: uuid.UUID
    flaw: Code | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """An enrollment and what it could be paid to. `payout` is what the choice comes to, `taxes` the location's tax profiles."""

    status: str
    reason: str
    in_scope: bool
    submitted: bool
    payout: Payout | None = None
    tax: Tax | None = None
    taxes: Sequence[Tax] = ()
    currency: str = ""
    default_currency: str = ""
    currencies: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The code, and with READY to enroll: what the row will be paid to."""

    code: str
    payout_id: uuid.UUID | None = None
    tax_id: uuid.UUID | None = None
    currency: str = ""


def judge(situation: Situation, choice: Choice) -> Verdict:
    """What becomes of the row. The first question that is answered decides, in the order in which a person would ask."""
    if not situation.in_scope:
        return Verdict(Code.OUT_OF_SCOPE)
    if situation.status in {Status.INACTIVE, Status.DISCONTINUED}:
        return Verdict(situation.reason or situation.status)
    if situation.submitted:
        return Verdict(Code.SUBMITTED_BEFORE)
    if choice.act is not Act.ENROLL:
        return Verdict(Code.READY if situation.status == Status.INVITED else Code.ACCEPTED_BEFORE)
    return _paid(situation, choice)


def _paid(situation: Situation, choice: Choice) -> Verdict:
    """What it is paid to, or what is in the way of that."""
    payout, tax = situation.payout, situation.tax or (situation.taxes[0] if len(situation.taxes) == 1 else None)
    if payout is None:
        return Verdict(Code.PAYOUT_MISSING)
    if payout.flaw:
        return Verdict(payout.flaw)
    if tax is None:
        return Verdict(Code.TAX_SEVERAL if situation.taxes else Code.TAX_MISSING)
    if tax.flaw:
        return Verdict(tax.flaw)
    only = situation.currencies[0] if len(situation.currencies) == 1 else ""
    currency = choice.currency or situation.currency or situation.default_currency or only
    if not currency:
        return Verdict(Code.CURRENCY_MISSING)
    if currency not in situation.currencies:
        # A default that the program doesn't pay is no choice; one that somebody made is.
        currency = "" if choice.currency else only
    if not currency:
        return Verdict(Code.CURRENCY_NOT_PAID)
    if currency in payout.refuses:
        return Verdict(Code.CURRENCY_UNREACHED)
    return Verdict(Code.READY, payout.id, tax.id, currency)
