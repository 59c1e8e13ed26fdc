"""Payout and tax profiles, their versions, default bank profiles, and validations."""

from .alarm import BankAlarm
from .defaults import DefaultBankProfile
from .documents import TaxDocument, TaxDocumentContent
from .payout import PaymentMethod, PayoutProfile, PayoutProfileVersion
from .tax import FormKind, TaxClassification, TaxProfile, TaxProfileVersion
from .validation import Validation, ValidationCheck, ValidationReason

__all__ = [
    "BankAlarm",
    "DefaultBankProfile",
    "FormKind",
    "PaymentMethod",
    "PayoutProfile",
    "PayoutProfileVersion",
    "TaxClassification",
    "TaxDocument",
    "TaxDocumentContent",
    "TaxProfile",
    "TaxProfileVersion",
    "Validation",
    "ValidationCheck",
    "ValidationReason",
]
