"""The pause after a changed account (rule PAY-5)."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef

from incentives_portal.core import clock
from profiles import fingerprints
from profiles.models import PayoutProfileVersion, Validation


def cooling_off_until(version: Any) -> dt.datetime | None:
    """Until when a changed account can't be approved (setting BANK_CHANGE_COOLING_OFF_HOURS), or None where it can.

    The time in which whoever is robbed can say so. A first version replaces nothing, and an account that was approved before
    is no new one; an account that was merely saved before, or taken back, is. The time begins when the account was entered:
    saving it again, with another holder say, neither skips nor prolongs it.
    """
    if not isinstance(version, PayoutProfileVersion) or version.number == 1 or version.fingerprint is None:
        return None
    pause = dt.timedelta(hours=settings.BANK_CHANGE_COOLING_OFF_HOURS)
    if version.created_at + pause <= clock.now():
        return None
    earlier, alike = _versions_before(version), fingerprints.alike(version)
    # Before anything is approved, the account that the profile began with is the partner's own.
    familiar = [one for one in earlier if one.is_approved] or earlier[-1:]
    if any(_fingerprint(one) in alike for one in familiar):
        return None
    since = version.created_at
    for one in earlier:
        if one.taken_back_by_id is not None or _fingerprint(one) not in alike:
            break
        since = one.created_at
    return since + pause if since + pause > clock.now() else None


def _versions_before(version: PayoutProfileVersion) -> list[Any]:
    """The earlier versions, newest first, each with whether it is approved."""
    approved = Validation.objects.filter(payout_version=OuterRef("pk"), decision=Validation.Decision.APPROVED)
    earlier = PayoutProfileVersion.objects.filter(profile=version.profile_id, number__lt=version.number)
    return list(earlier.annotate(is_approved=Exists(approved)).defer("identifiers").order_by("-number"))


def _fingerprint(version: PayoutProfileVersion) -> bytes | None:
    return bytes(version.fingerprint) if version.fingerprint is not None else None
