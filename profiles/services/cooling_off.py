"""The pause after a changed account (rule PAY-5)."""

import datetime as dt
from typing import Any

from django.conf import settings

from incentives_portal.core import clock
from profiles.models import PayoutProfileVersion

from .account_past import Past, pasts_of


def cooling_off_until(version: Any) -> dt.datetime | None:
    """Until when a changed account can't be approved (setting BANK_CHANGE_COOLING_OFF_HOURS), or None where it can.

    The time in which whoever is robbed can say so. A first version replaces nothing, and an account that was approved before
    is no new one; an account that was merely saved before, or taken back, is. The time begins when the account was entered:
    saving it again, with another holder say, neither skips nor prolongs it. It begins anew where the profile takes the place
    of another account at a submitted enrollment, as long as nobody has approved it.
    """
    if not isinstance(version, PayoutProfileVersion):
        return None
    return cooling_off_given(version, pasts_of([version])[version.pk], clock.now())


def cooling_off_given(version: PayoutProfileVersion, past: Past, now: dt.datetime) -> dt.datetime | None:
    """The same as `cooling_off_until` where what came before is known already."""
    if version.fingerprint is None:
        return None
    pause = dt.timedelta(hours=settings.BANK_CHANGE_COOLING_OFF_HOURS)
    since = max(filter(None, [_entered_at(version, past, now - pause), past.took_place_at]), default=None)
    return since + pause if since is not None and since + pause > now else None


def took_place_since(version: PayoutProfileVersion) -> dt.datetime | None:
    """When a profile took another account's place at a submitted enrollment; None where the partner's account is known here."""
    return pasts_of([version])[version.pk].took_place_at


def _entered_at(version: PayoutProfileVersion, past: Past, still: dt.datetime) -> dt.datetime | None:
    """When the account of a changed version was entered; None where it replaces nothing, or was entered before `still`."""
    if version.number == 1 or version.created_at <= still:
        return None
    # Before anything is approved, the account that the profile began with is the partner's own.
    familiar = [one for one in past.earlier if one.is_approved] or past.earlier[-1:]
    if any(one.fingerprint in past.alike for one in familiar):
        return None
    since = version.created_at
    for one in past.earlier:
        if one.is_taken_back or one.fingerprint not in past.alike:
            break
        since = one.created_at
    return since
