"""*This wasn't me* (rule PAY-5): a change of bank details is told to all admins, and any of them can freeze it from the mail.

Freezing is all that the link does: it works signed out, in whatever hands the mail is, so it can stop money and never send it
elsewhere. A reviewer settles the alarm, after having spoken with the partner.
"""

from typing import Any

from django.db import transaction

from accounts.models import User
from incentives_portal.core import audit, clock
from profiles import alarm_mails
from profiles.alarm_links import read
from profiles.errors import AlarmMovedError, AlarmSettledError, NoteError, OwnRequestError
from profiles.models import BankAlarm, DefaultBankProfile, PayoutProfile, PayoutProfileVersion, Validation
from profiles.notes import holds_a_number
from profiles.own_requests import belongs_to
from profiles.services import defaults, versions
from profiles.services.validations.starting import start_again
from profiles.standing import counted_before


@transaction.atomic
def raise_alarm(*, token: str) -> BankAlarm:
    """Freezes the profile that the link is about. Twice is once, and what was settled stays settled. Raises AlarmLinkError."""
    version, user = read(token)
    profile = versions.lock(version.profile)
    known = alarm_about(version)
    if known is not None:
        return known
    later = BankAlarm.objects.select_for_update(of=("self",)).filter(profile=profile, outcome=BankAlarm.Outcome.OPEN).first()
    if later is not None:
        return _move_back(later, version, user)
    alarm = BankAlarm.objects.create(partner_id=profile.partner_id, profile=profile, version=version, raised_by=user)
    profile.frozen_at = clock.now()
    profile.save(update_fields=["frozen_at"])
    audit.record("payout_profile.frozen", profile, by=user, after={"version": version.number})
    alarm_mails.tell_frozen(alarm)
    versions.announce(profile, "profile_frozen", by=user)
    return alarm


@transaction.atomic
def settle(*, alarm: BankAlarm, genuine: bool, note: str, by: User, seen: str | None = None) -> BankAlarm:
    """Ends the freeze: the change was genuine and is validated, or it is taken back and the version before counts again.

    `seen` is the version that the reviewer looked at: an earlier one may have been reported meanwhile.
    Raises OwnRequestError, NoteError, AlarmSettledError, AlarmMovedError.
    """
    if belongs_to(by, alarm.partner_id):
        raise OwnRequestError
    if holds_a_number(note):
        raise NoteError
    profile = versions.lock(alarm.profile)
    alarm = BankAlarm.objects.select_for_update(of=("self",)).select_related("version").get(pk=alarm.pk)
    if alarm.outcome:
        raise AlarmSettledError
    if seen is not None and seen != str(alarm.version_id):
        raise AlarmMovedError
    alarm.outcome = BankAlarm.Outcome.GENUINE if genuine else BankAlarm.Outcome.TAKEN_BACK
    alarm.settled_at, alarm.settled_by, alarm.note = clock.now(), by, note.strip()
    alarm.save()
    profile.frozen_at = None
    if not genuine:
        _take_back(alarm, profile)
    profile.save(update_fields=["frozen_at", "latest"])
    _tell(alarm, profile, by)
    return alarm


def alarm_about(version: PayoutProfileVersion) -> BankAlarm | None:
    """The alarm that was raised on a version, or the one by which it was taken back or, still open, would be, with one before it."""
    raised = BankAlarm.objects.filter(version=version).first()
    before = BankAlarm.objects.filter(
        profile=version.profile_id, outcome=BankAlarm.Outcome.OPEN, version__number__lt=version.number
    )
    return raised or BankAlarm.objects.filter(took_back=version).first() or before.first()


def _move_back(alarm: BankAlarm, version: PayoutProfileVersion, user: User) -> BankAlarm:
    """An open report of a later change is one of this earlier change, too: taking it back goes back to before both."""
    before = {"version": alarm.version.number}
    alarm.version = version
    alarm.save(update_fields=["version"])
    audit.record("payout_profile.alarm_moved", alarm.profile, by=user, before=before, after={"version": version.number})
    return alarm


def _take_back(alarm: BankAlarm, profile: PayoutProfile) -> None:
    """The version and everything built on it count no more, and their validations are closed for good, approvals too.

    What counted before them counts again; where that was still being validated, so it is again.
    """
    built_on = PayoutProfileVersion.objects.filter(profile=profile, number__gte=alarm.version.number, taken_back_by=None)
    built_on.update(taken_back_by=alarm)
    closed = Validation.objects.filter(payout_version__taken_back_by=alarm).exclude(decision=Validation.Decision.REJECTED)
    closed.update(
        decision=Validation.Decision.TAKEN_BACK,
        decided_at=alarm.settled_at,
        decided_by=alarm.settled_by,
        claimed_by=None,
        claimed_until=None,
    )
    before = version_before(alarm.version)
    if before is None:
        _put_out_of_use(profile, alarm)
        return
    profile.latest = before
    start_again(before)


def version_before(version: PayoutProfileVersion) -> PayoutProfileVersion | None:
    """What would count again if the version were taken back; None where the profile is then out of use.

    The profile itself may be the thief's: it was put in the place of another one at a submitted enrollment, and then nothing
    in it counts but what is approved.
    """
    before: PayoutProfileVersion | None = counted_before(version)
    took_place_at = version.profile.took_place_at
    if before is None or took_place_at is None or took_place_at < version.created_at:
        return before
    approved = Validation.objects.filter(payout_version=before, decision=Validation.Decision.APPROVED)
    return before if approved.exists() else None


def _put_out_of_use(profile: PayoutProfile, alarm: BankAlarm) -> None:
    """Nothing was there before: the profile is archived, and whoever uses it chooses another one."""
    PayoutProfileVersion.objects.filter(profile=profile, taken_back_by=None).update(taken_back_by=alarm)
    versions.supersede_open(profile)
    profile.archived_at = clock.now()
    profile.save(update_fields=["archived_at"])
    audit.record("payout_profile.archived", profile, by=alarm.settled_by)
    uses = DefaultBankProfile.objects.filter(payout_profile=profile).select_related("location")
    defaults.clear(locations=[one.location for one in uses], by=alarm.settled_by)


def _tell(alarm: BankAlarm, profile: PayoutProfile, by: Any) -> None:
    assert profile.latest is not None
    after = {"outcome": alarm.outcome, "version": profile.latest.number}
    audit.record("payout_profile.unfrozen", profile, by=by, after=after)
    alarm_mails.tell_settled(alarm)
    versions.announce(profile, f"alarm_{alarm.outcome}", by=by)
