"""What every management command of the portal shares (rule OPS-1)."""

from .exits import FAILED, INTERRUPTED, REFUSED, UNDER_WAY, UnderWayError, UsageError
from .frame import PortalCommand
from .ledger import os_user

__all__ = ["FAILED", "INTERRUPTED", "REFUSED", "UNDER_WAY", "PortalCommand", "UnderWayError", "UsageError", "os_user"]
