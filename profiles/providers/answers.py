"""What a provider's answer means. Nothing of it is taken at its word: an answer is data from elsewhere."""

import json
from typing import Any

from django.views.decorators.debug import sensitive_variables

from profiles.checks import LABELS, CheckResult, Outcome
from profiles.fields import PAYOUT, TAX
from profiles.reasons import REASONS

from .asking import NoAnswerError, Question

MOST_RESULTS = 50
OUTCOMES: dict[str, Outcome] = {"passed": "passed", "flagged": "flagged", "failed": "failed"}
# What is said only of something that is right.
GOOD = {"number_valid", "no_account_needed", "bic_country", "holder_name", "used_here_only", "bank_settled", "form_kind"} | {
    "form_document",
    "form_in_force",
    "admin_settled",
}
SAYS = "provider_says"


@sensitive_variables()
def read(body: bytes, question: Question) -> tuple[CheckResult, ...]:
    """The results of an answer. One that isn't about this question, or says nothing, is no answer: raises NoAnswerError."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise NoAnswerError("malformed") from None
    if not isinstance(answer, dict) or answer.get("validation") != str(question.validation):
        raise NoAnswerError("not_about_this")
    results = answer.get("results")
    if not isinstance(results, list) or not 1 <= len(results) <= MOST_RESULTS:
        raise NoAnswerError("no_results")
    known = {*question.subject.identifiers, *(PAYOUT if question.subject.kind == "payout" else TAX)}
    return tuple(_result(result, known) for result in results)


def _result(result: Any, known_fields: set[str]) -> CheckResult:
    """One result in the portal's own codes. A code that the portal has no words for, or that contradicts its outcome, waits
    for a person."""
    if not isinstance(result, dict) or not all(isinstance(result.get(name), str) for name in ("code", "outcome")):
        raise NoAnswerError("malformed_result")
    outcome = OUTCOMES.get(result["outcome"])
    if outcome is None:
        raise NoAnswerError("unknown_outcome")
    field = result.get("field", "")
    field = field if isinstance(field, str) and field in known_fields else ""
    code = result["code"]
    known = code in LABELS or code in REASONS
    if not known or (code in GOOD) != (outcome == "passed"):
        return CheckResult(SAYS, "failed" if outcome == "failed" else "flagged", field)
    return CheckResult(code, outcome, field)
