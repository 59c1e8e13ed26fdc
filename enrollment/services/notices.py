"""Opening a notice dismisses it, for that person only (rule INV-4)."""

import uuid

from django.db.models import QuerySet

from accounts.models import User
from enrollment.models import Notice
from incentives_portal.core.clock import DatabaseNow


def open_notice(*, notice_id: uuid.UUID, by: User) -> Notice:
    """Marks the notice as opened the first time. Raises Notice.DoesNotExist where it isn't theirs."""
    Notice.objects.filter(pk=notice_id, user=by, opened_at=None).update(opened_at=DatabaseNow())
    return Notice.objects.get(pk=notice_id, user=by)


def open_alike(*, notice: Notice, among: QuerySet[Notice], by: User) -> int:
    """Marks this one and those before it of its kind as opened; what came since it was shown stays. Returns how many there were."""
    alike = among.filter(user=by, kind=notice.kind, created_at__lte=notice.created_at, opened_at=None)
    return Notice.objects.filter(pk__in=alike.order_by().values("pk")).update(opened_at=DatabaseNow())
