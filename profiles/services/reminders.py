"""Reminders before a tax form expires (rule TAX-1): by threshold crossed, so that a day without a sweep loses none."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from incentives_portal.core import clock, outbox
from profiles.mails import edit_path, incentives_admins_of
from profiles.models import TaxProfile

THRESHOLDS = (7, 30, 90)


def threshold_crossed(days_left: int, thresholds: Iterable[int] = THRESHOLDS) -> int | None:
    """The smallest threshold that `days_left` has reached: the one reminder that is true today. None while none is."""
    return min((threshold for threshold in thresholds if 0 <= days_left <= threshold), default=None)


def remind_of_expiry() -> int:
    """Owes each incentives admin in scope one reminder per threshold of each tax form. Twice is the same as once."""
    today = clock.today()
    horizon = today + dt.timedelta(days=max(THRESHOLDS))
    expiring = TaxProfile.objects.filter(archived_at=None, latest__expires_on__range=(today, horizon))
    return sum(_remind(profile, today) for profile in expiring.select_related("latest", "location").order_by("pk"))


@transaction.atomic
def _remind(profile: TaxProfile, today: dt.date) -> int:
    assert profile.latest is not None and profile.latest.expires_on is not None
    left = (profile.latest.expires_on - today).days
    threshold = threshold_crossed(left)
    context = {
        "profile": profile,
        "location": profile.location,
        "expires_on": profile.latest.expires_on,
        "days": left,
        "path": edit_path(profile, "expires_on"),
    }
    owed = 0
    for user in incentives_admins_of(profile):
        key = f"tax_expiry:{profile.latest.pk}:{threshold}:{user.pk}"
        owed += outbox.owe("tax_expiry", to=user, key=key, context=context) is not None
    return owed
