"""The pause after a changed account (rule PAY-5)."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from incentives_portal.core import clock
from profiles import fingerprints
from profiles.models import PayoutProfileVersion, Validation

# An account that replaces another is looked at by a person for so long (the usual way of payment fraud).
RECENT = dt.timedelta(days=30)


def cooling_off_until(version: Any) -> dt.datetime | None:
    """Until when a changed account can't be approved (setting BANK_CHANGE_COOLING_OFF_HOURS), or None where it can.

    The time in which whoever is robbed can say so. A first version replaces nothing, and an account that was approved before
    is no new one; an account that was merely saved before, or taken back, is. The time begins when the account was entered:
    saving it again, with another holder say, neither skips nor prolongs it. It begins anew where the profile takes the place
    of another account at a submitted enrollment, as long as nobody has approved it.
    """
    if not isinstance(version, PayoutProfileVersion) or version.fingerprint is None:
        return None
    pause = dt.timedelta(hours=settings.BANK_CHANGE_COOLING_OFF_HOURS)
    since = max(filter(None, [_entered_at(version, clock.now() - pause), took_place_since(version)]), default=None)
    return since + pause if since is not None and since + pause > clock.now() else None


def took_place_since(version: PayoutProfileVersion) -> dt.datetime | None:
    """When a profile took another account's place at a submitted enrollment; None where the partner's account is known here.

    Known is what a person approved, or what was approved well before: the checks alone approve whatever is first used at an
    enrollment that nobody had submitted, and a thief can begin with that.
    """
    since = version.profile.took_place_at
    if since is None:
        return None
    approved = Validation.objects.filter(
        Q(decided_at__lt=since - RECENT) | Q(decided_by__isnull=False),
        decision=Validation.Decision.APPROVED,
        partner=version.profile.partner_id,
        payout_version__fingerprint__in=fingerprints.alike(version),
    )
    return None if approved.exists() else since


def _entered_at(version: PayoutProfileVersion, still: dt.datetime) -> dt.datetime | None:
    """When the account of a changed version was entered; None where it replaces nothing, or was entered before `still`."""
    if version.number == 1 or version.created_at <= still:
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
    return since


def _versions_before(version: PayoutProfileVersion) -> list[Any]:
    """The earlier versions, newest first, each with whether it is approved."""
    approved = Validation.objects.filter(payout_version=OuterRef("pk"), decision=Validation.Decision.APPROVED)
    earlier = PayoutProfileVersion.objects.filter(profile=version.profile_id, number__lt=version.number)
    return list(earlier.annotate(is_approved=Exists(approved)).defer("identifiers").order_by("-number"))


def _fingerprint(version: PayoutProfileVersion) -> bytes | None:
    return bytes(version.fingerprint) if version.fingerprint is not None else None
