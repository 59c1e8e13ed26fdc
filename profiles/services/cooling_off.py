"""The pause after a changed account (rule PAY-5)."""

import datetime as dt
from typing import Any

from django.conf import settings

from incentives_portal.core import clock
from profiles import fingerprints
from profiles.models import PayoutProfileVersion


def cooling_off_until(version: Any) -> dt.datetime | None:
    """Until when a changed account can't be approved (setting BANK_CHANGE_COOLING_OFF_HOURS), or None where it can.

    The time in which whoever is robbed can say so. A first version replaces nothing, and a new name is no new account.
    """
    if not isinstance(version, PayoutProfileVersion) or version.number == 1 or version.fingerprint is None:
        return None
    until = version.created_at + dt.timedelta(hours=settings.BANK_CHANGE_COOLING_OFF_HOURS)
    if until <= clock.now():
        return None
    before = PayoutProfileVersion.objects.filter(profile=version.profile_id, number__lt=version.number).exclude(fingerprint=None)
    known = {bytes(row) for row in before.values_list("fingerprint", flat=True) if row}
    return until if known and not known & fingerprints.alike(version) else None
