"""The one writer of a derived status: single rows in `rows`, any number of them in `sets`.

Nothing else in the portal assigns `status`, `reason`, `requirements` or `derive_again_at`; a test reads the syntax tree
to prove it. Both ask the same pure function, `enrollment.status.derive`.
"""

from .rows import BATCH, DERIVED, Change, lock, settle, statuses_changed
from .sets import add, among, derive_soon, differences, lock_all, rederive, rederive_and_announce, rederive_due, settle_all

__all__ = [
    "BATCH",
    "DERIVED",
    "Change",
    "add",
    "among",
    "derive_soon",
    "differences",
    "lock",
    "lock_all",
    "rederive",
    "rederive_and_announce",
    "rederive_due",
    "settle",
    "settle_all",
    "statuses_changed",
]
