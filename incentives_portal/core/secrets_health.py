"""Whether bank and tax numbers can be encrypted and read (rule PAY-3)."""

from incentives_portal.core import health, keys
from incentives_portal.core.models import Run


@health.check("keys", vital=True)
def key_ring() -> health.Finding:
    """The keys are there and well formed. Without them no number can be saved or read. The fault itself says `check`."""
    return health.Finding(not keys.faults())


@health.check("secrets")
def secrets() -> health.Finding:
    """What the last walk over all values found (`rotate_keys`, nightly with `--check`): those that nobody can read."""
    walks = Run.objects.filter(command="rotate_keys", finished_at__isnull=False, result__has_key="unreadable_values")
    last = walks.order_by("-pk").values_list("result", flat=True).first() or {}
    missing = last.get("keys_missing", [])
    unreadable = last.get("unreadable", 0)
    return health.Finding(not missing and not unreadable, {"unreadable": unreadable, "keys_missing": ", ".join(missing)})
