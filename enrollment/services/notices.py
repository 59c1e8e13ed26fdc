"""Opening a notice dismisses it, for that person only (rule INV-4)."""

import uuid

from accounts.models import User
from enrollment.models import Notice
from incentives_portal.core.clock import DatabaseNow


def open_notice(*, notice_id: uuid.UUID, by: User) -> Notice:
    """Marks the notice as opened the first time. Raises Notice.DoesNotExist where it isn't theirs."""
    Notice.objects.filter(pk=notice_id, user=by, opened_at=None).update(opened_at=DatabaseNow())
    return Notice.objects.get(pk=notice_id, user=by)
