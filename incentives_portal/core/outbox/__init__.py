"""The mail outbox (rule INV-6): `owe` writes a mail in the transaction that owes it, `send_due` sends what is owed.

A mail that is held can be withdrawn until its time has come."""

from .owing import AT_ONCE, Recipient, owe, withdraw
from .sending import SendCounts, send_due

__all__ = ["AT_ONCE", "Recipient", "SendCounts", "owe", "send_due", "withdraw"]
