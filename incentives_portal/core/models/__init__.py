"""What every floor above writes to: the audit log, the mail outbox, the run ledger and the clock."""

from .audit import AuditEntry
from .clock import ClockRow
from .outbox import Mail
from .runs import Run
from .seals import AuditKey, AuditPending, AuditSeal

__all__ = ["AuditEntry", "AuditKey", "AuditPending", "AuditSeal", "ClockRow", "Mail", "Run"]
