import uuid
from dataclasses import dataclass, field
from typing import Any, Protocol

from profiles.checks import CheckResult, Subject


class NoAnswerError(Exception):
    """No usable answer. The text is a short code for the log: it quotes neither the question nor the answer."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a provider is asked. `validation` is the idempotency key: the same question twice is one question."""

    validation: uuid.UUID
    paying_entity: str
    subject: Subject = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """The body of the request, the only place where the numbers stand."""
        subject = self.subject
        asked = {
            "validation": str(self.validation),
            "paying_entity": self.paying_entity,
            "kind": subject.kind,
            "country": subject.country,
            "legal_name": subject.legal_name,
            "identifiers": dict(subject.identifiers),
        }
        if subject.kind == "payout":
            return asked | {"payment_method": subject.payment_method, "account_holder": subject.account_holder}
        expires_on = subject.expires_on.isoformat() if subject.expires_on else None
        return asked | {"classification": subject.classification, "form_kind": subject.form_kind, "expires_on": expires_on}


class Provider(Protocol):
    """Somebody who knows more about a bank account or a tax number than the number itself tells."""

    def ask(self, question: Question) -> tuple[CheckResult, ...]:
        """What the provider found. Raises NoAnswerError."""
        ...
