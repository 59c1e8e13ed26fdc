"""The mail outbox (rule INV-6): `owe` writes a mail in the transaction that owes it, `send_due` sends what is owed.

A mail that is held can be withdrawn until its time has come."""

from .owing import AT_ONCE, Owed, owe, owe_all, withdraw
from .rendering import Form, Recipient
from .requeueing import dead_letters, requeue
from .sending import SendCounts, send_due

__all__ = [
    "AT_ONCE",
    "Form",
    "Owed",
    "Recipient",
    "SendCounts",
    "dead_letters",
    "owe",
    "owe_all",
    "requeue",
    "send_due",
    "withdraw",
]
