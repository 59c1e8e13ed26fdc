"""The audit log's writer (rule OPS-3)."""

import pytest

from accounts.models import Partner
from incentives_portal.core import audit, request_ids
from incentives_portal.core.models import AuditEntry

pytestmark = pytest.mark.rule("OPS-3")


@pytest.mark.parametrize("before", [None, {"name": "Göteborg", "numbers": [1, 2], "nothing": None}])
def test_many_entries_at_once_are_as_they_are_one_by_one(partner: Partner, before: dict[str, object] | None) -> None:
    entry = {"by": audit.SYSTEM, "before": before, "after": {"version": 1}}
    with request_ids.one_act():
        audit.record("validation.started", partner, **entry)
        audit.record_all([audit.entry_of("validation.started", partner, **entry) for _ in range(2)])
    one, *others = AuditEntry.objects.order_by("pk").values()
    assert len(others) == 2
    for other in others:
        assert other | {"id": one["id"], "at": one["at"]} == one
