"""Validations: started, checked, claimed, decided (rules VAL-1…6)."""

from .claiming import claim, release
from .deciding import approve, reject
from .starting import start, start_all
from .sweeping import check_due, counts_due, escalate, flag_overdue
from .undoing import undo, undoable_until

__all__ = [
    "approve",
    "check_due",
    "claim",
    "counts_due",
    "escalate",
    "flag_overdue",
    "reject",
    "release",
    "start",
    "start_all",
    "undo",
    "undoable_until",
]
