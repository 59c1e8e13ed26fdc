"""Another payout profile takes the place of the one that a submitted enrollment is paid by (rule PAY-5).

To whoever is robbed that is the same as a changed account: all admins are told, the link freezes it, and an account that no
person has approved waits for one as a changed one does.
"""

from collections.abc import Callable
from typing import Any

from django.db import transaction

from incentives_portal.core import audit, clock
from profiles import alarm_mails, fingerprints
from profiles.errors import ChangingError
from profiles.models import PayoutProfile, PayoutProfileVersion, Validation
from profiles.services import versions
from profiles.services.cooling_off import took_place_since
from profiles.services.validations.starting import open_anew
from profiles.standing import in_force


@transaction.atomic
def took_place(*, profile: PayoutProfile, of: PayoutProfile, paying_entity: str, where: Callable[[], str], by: Any) -> None:
    """Notes that `profile` is to be paid by in place of `of`, and tells all admins where the account is another one.

    `where` names the enrollment in the language of the moment. Raises FrozenError where either profile is frozen, and
    ChangingError where money would go to an earlier version of `profile`: all that follows here is about the latest.
    """
    now, before = versions.lock(profile), versions.lock(of)
    versions.refuse_frozen(before)
    versions.refuse_frozen(now)
    _refuse_changing(now, paying_entity)
    replaced = _replaced(before, now, paying_entity)
    if replaced is None or now.latest is None:
        return
    now.took_place_at = clock.now()
    now.save(update_fields=["took_place_at"])
    audit.record("payout_profile.took_place", now, by=by, before={"profile": before.name}, after={"profile": now.name})
    alarm_mails.tell_replaced(replaced, now, where=where, by=by)
    _look_again(now, now.latest, paying_entity, by)


def _refuse_changing(profile: PayoutProfile, paying_entity: str) -> None:
    number = in_force(profile).get(paying_entity)
    if number is not None and profile.latest is not None and number != profile.latest.number:
        raise ChangingError


def _look_again(profile: PayoutProfile, version: PayoutProfileVersion, paying_entity: str, by: Any) -> None:
    """What the checks alone approved lately, a person looks at now: the checks did not know what it would be used for."""
    if took_place_since(version) is None:
        return
    approved = Validation.objects.select_for_update(of=("self",)).select_related("payout_version__profile", "tax_version__profile")
    for one in approved.filter(payout_version=version, paying_entity=paying_entity, decision=Validation.Decision.APPROVED):
        open_anew(Validation.objects.filter(pk=one.pk))
        audit.record("validation.reopened", one, by=by, before={"outcome": one.decision})
        versions.announce(profile, "payout_changed", by=by)


def _replaced(before: PayoutProfile, now: PayoutProfile, paying_entity: str) -> PayoutProfileVersion | None:
    """The version whose account is replaced, or None where the account stays.

    It is the one that is paid by. Before anything is, no account that the profile had may differ: the latest can be the thief's.
    What comes after an account that was taken back is always another one.
    """
    known = PayoutProfileVersion.objects.filter(profile=before, taken_back_by=None).order_by("-number")
    if not known:
        return before.latest
    paid_by = known.filter(number=in_force(before).get(paying_entity, 0))
    others = [one for one in paid_by or known if now.latest is not None and not fingerprints.are_same(one, now.latest)]
    return others[0] if others else None
