"""The mail outbox (rule INV-6): `owe` writes a mail in the transaction that owes it, `send_due` sends what is owed."""

from .owing import Recipient, owe
from .sending import SendCounts, send_due

__all__ = ["Recipient", "SendCounts", "owe", "send_due"]
