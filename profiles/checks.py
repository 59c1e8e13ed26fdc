"""The automatic checks of a validation (rule VAL-2): small pure functions over what is known of one profile version.

A check passes, flags a risk, or fails. Only when all pass is the version approved without a person; nothing is ever
rejected without one. Results hold codes, never numbers, and are shown to reviewers alone: a partner doesn't learn that an
account is known elsewhere (rule VAL-6).
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from schwifty import BIC

from .company_names import same_company
from .identifiers import bank, tax
from .identifiers.checking import Finding, check, check_bank_details, check_tax_numbers
from .reasons import REASONS, text_for

Outcome = Literal["passed", "flagged", "failed"]
Verdict = Literal["approve", "reject", "wait"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What the checks look at. `legal_name` is the partner's; `day` the day of the check; numbers don't show when printed."""

    kind: Literal["payout", "tax"]
    country: str
    legal_name: str
    identifiers: Mapping[str, str] = field(repr=False)
    day: dt.date
    payment_method: str = ""
    account_holder: str = ""
    classification: str = ""
    form_kind: str = ""
    expires_on: dt.date | None = None
    paying_entity_is_us: bool = False
    has_document: bool = False
    duplicate_elsewhere: bool = False
    bank_changed_recently: bool = False
    admin_new_in_role: bool = False

    @property
    def has_account(self) -> bool:
        return self.kind == "payout" and self.payment_method != bank.CREDIT_NOTE


class CheckResult(NamedTuple):
    """What one check found; `field` names the field of the form that it is about."""

    code: str
    outcome: Outcome
    field: str = ""


Check = Callable[[Subject], Iterable[CheckResult]]


def bank_numbers(subject: Subject) -> Iterable[CheckResult]:
    """Every identifier of the account can be right."""
    if not subject.has_account:
        return [CheckResult("no_account_needed", "passed")] if subject.kind == "payout" else []
    return _of_findings(check_bank_details(subject.identifiers, country=subject.country, payment_method=subject.payment_method))


def tax_numbers(subject: Subject) -> Iterable[CheckResult]:
    """Every tax number can be right."""
    if subject.kind != "tax":
        return []
    return _of_findings(check_tax_numbers(subject.identifiers, country=subject.country, classification=subject.classification))


def bic_country(subject: Subject) -> Iterable[CheckResult]:
    """The BIC names a bank in the country of the account. Some banks serve another country from home, so a person looks."""
    bic = subject.identifiers.get("bic", "")
    if not (subject.has_account and bic and check("bic", bic, subject.country).ok):
        return []
    fits = BIC(bic).country_code in {subject.country, bank.iban_country(subject.country)}
    return [CheckResult("bic_country", "passed", "bic") if fits else CheckResult("bic_country_differs", "flagged", "bic")]


def account_holder(subject: Subject) -> Iterable[CheckResult]:
    """The account is the partner's own."""
    if not subject.has_account:
        return []
    if same_company(subject.account_holder, subject.legal_name):
        return [CheckResult("holder_name", "passed", "account_holder")]
    return [CheckResult("holder_name_differs", "flagged", "account_holder")]


def elsewhere(subject: Subject) -> Iterable[CheckResult]:
    """No other partner uses the same account or tax number (rule VAL-6)."""
    if subject.kind == "payout" and not subject.has_account:
        return []
    return [CheckResult("used_elsewhere", "flagged") if subject.duplicate_elsewhere else CheckResult("used_here_only", "passed")]


def recent_change(subject: Subject) -> Iterable[CheckResult]:
    """The account wasn't changed a short while ago, as happens when somebody else took over."""
    if not subject.has_account:
        return []
    return [
        CheckResult("bank_changed_recently", "flagged") if subject.bank_changed_recently else CheckResult("bank_settled", "passed")
    ]


def new_admin(subject: Subject) -> Iterable[CheckResult]:
    """Who wrote or submitted it was incentives admin before the partner was first paid, or has been one for a while."""
    if not subject.has_account:
        return []
    new = subject.admin_new_in_role
    return [CheckResult("admin_new_in_role", "flagged") if new else CheckResult("admin_settled", "passed")]


def tax_form(subject: Subject) -> Iterable[CheckResult]:
    """The form is one for this country, classification and payer (rule TAX-1)."""
    if subject.kind != "tax":
        return []
    fits = tax.fits(subject.form_kind, subject.country, subject.classification, subject.paying_entity_is_us)
    return [CheckResult("form_kind", "passed", "form_kind") if fits else CheckResult("form_kind_unfit", "failed", "form_kind")]


def form_document(subject: Subject) -> Iterable[CheckResult]:
    """The signed form lies beside what was typed, where the payer asks for one: W-8 and W-9 forms."""
    if subject.kind != "tax" or not subject.form_kind.startswith("W-"):
        return []
    there = subject.has_document
    return [CheckResult("form_document", "passed") if there else CheckResult("form_document_missing", "flagged")]


def expiry(subject: Subject) -> Iterable[CheckResult]:
    """The form is still good on the day of the check; the expiry date is its last day."""
    if subject.kind != "tax":
        return []
    expired = subject.expires_on is not None and subject.expires_on < subject.day
    return [
        CheckResult("form_expired", "failed", "expires_on") if expired else CheckResult("form_in_force", "passed", "expires_on")
    ]


CHECKS: tuple[Check, ...] = (
    bank_numbers,
    bic_country,
    account_holder,
    tax_numbers,
    tax_form,
    form_document,
    expiry,
    elsewhere,
    recent_change,
    new_admin,
)


def run(subject: Subject) -> tuple[CheckResult, ...]:
    """What every check that applies to the subject found, in the order to read it."""
    return tuple(result for check_one in CHECKS for result in check_one(subject))


def verdict(results: Iterable[CheckResult]) -> Verdict:
    """`approve` where there are results and all passed, else `wait` for a person."""
    outcomes = {result.outcome for result in results}
    return "approve" if outcomes == {"passed"} else "wait"


def _of_findings(findings: Mapping[str, Finding]) -> list[CheckResult]:
    return [
        CheckResult("number_valid", "passed", kind) if finding.ok else CheckResult(finding.code, "failed", kind)
        for kind, finding in findings.items()
    ]


LABELS: dict[str, str | Promise] = {
    "number_valid": _("Structure and check digits are right"),
    "no_account_needed": _("A credit note needs no account"),
    "bic_country": _("The BIC fits the country of the account"),
    "bic_country_differs": _("The BIC names a bank in another country than the account"),
    "holder_name": _("The account holder is the partner by its legal name"),
    "holder_name_differs": _("The account holder isn't the partner's legal name"),
    "used_here_only": _("No other partner uses this number"),
    "used_elsewhere": _("Another partner uses the same number"),
    "bank_settled": _("No recent change of bank details"),
    "bank_changed_recently": _("The bank details were changed a short while ago"),
    "admin_settled": _("Who changed it isn't new as incentives admin"),
    "admin_new_in_role": _("Who changed it became incentives admin a short while ago"),
    "provider_says": _("The provider found something that needs a look"),
    "provider_unreachable": _("The provider gave no usable answer"),
    "form_kind": _("The form fits country, classification and payer"),
    "form_kind_unfit": _("The form doesn't fit country, classification or payer"),
    "form_document": _("The form is there as a document"),
    "form_document_missing": _("The signed form isn't there as a document"),
    "form_in_force": _("The form is in force"),
    "form_expired": _("The form has expired"),
}


def label_for(code: str) -> str:
    """A check's finding in the reviewer's language; a failed number reads as the reason that its form gave."""
    return str(LABELS[code]) if code in LABELS else text_for(code) if code in REASONS else code
