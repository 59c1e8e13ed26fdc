"""The mails of rule PAY-5: who changed which bank details, that a profile is frozen, and what came of it. Numbers are masked."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from accounts.actor import roles_in_force
from accounts.models import FormerAddress, RoleAssignment, User
from accounts.roles import ADMIN_ROLES, OperatorRole
from incentives_portal.core import clock, outbox
from profiles.alarm_links import token_for
from profiles.mails import holding, incentives_admins_of
from profiles.models import BankAlarm, PayoutProfile, PayoutProfileVersion
from profiles.queries.comparing import compared
from profiles.usage import counted, validated_anew

# Who takes an account over changes its address first; so long are alarms sent to the address before, too.
FORMER_ADDRESSES_FOR = dt.timedelta(days=90)


@dataclass(slots=True)
class _Address:
    """One address of one person."""

    key: str
    email: str
    language: str
    name: str
    user: User


def _admins(profile: PayoutProfile) -> Iterator[_Address]:
    """Every incentives admin of the profile and every account and global admin of the partner, at old addresses too."""
    held = RoleAssignment.objects.filter(roles_in_force(), partner=profile.partner_id, role__in=ADMIN_ROLES)
    for user in incentives_admins_of(profile) | User.objects.filter(pk__in=held.values("membership__user")).order_by("pk"):
        yield _Address(str(user.pk), user.email, user.language, user.name, user)
        former = FormerAddress.objects.filter(user=user, until__gte=clock.now() - FORMER_ADDRESSES_FOR)
        for address in former.exclude(email=user.email).order_by("pk"):
            yield _Address(f"former:{address.pk}", address.email, user.language, user.name, user)


def tell_changed(before: PayoutProfileVersion, after: PayoutProfileVersion, *, by: Any) -> None:
    """Owes each admin the change, before and after, with the link that freezes it."""
    profile = after.profile
    reached = validated_anew(profile)
    for address in _admins(profile):
        with translation.override(address.language):
            context = {
                "profile": profile,
                "changes": [row for row in compared(after, before) if row.changed],
                "reach": counted(reached),
                "changed_at": after.created_at,
                "changed_by": by.name or by.email if isinstance(by, User) else by.name,
                "alarm_path": reverse("bank_alarm", args=[token_for(after, address.user)]),
                "path": reverse("payout", args=[profile.pk]),
            }
            outbox.owe("bank_changed", to=address, key=f"bank_changed:{after.pk}:{address.key}", context=context, is_secret=True)


def tell_replaced(before: PayoutProfileVersion, profile: PayoutProfile, *, where: Callable[[], str], by: Any) -> None:
    """Owes each admin that an enrollment is to be paid to another profile's account, with the link that freezes that one."""
    after, at = profile.latest, profile.took_place_at
    assert after is not None and at is not None
    for address in _admins(profile):
        with translation.override(address.language):
            context = {
                "profile": profile,
                "replaced": before.profile,
                "where": where(),
                "changes": [row for row in compared(after, before) if row.changed],
                "changed_at": at,
                "changed_by": by.name or by.email if isinstance(by, User) else by.name,
                "alarm_path": reverse("bank_alarm", args=[token_for(after, address.user)]),
                "path": reverse("payout", args=[profile.pk]),
            }
            key = f"bank_replaced:{after.pk}:{at.isoformat()}:{address.key}"
            outbox.owe("bank_changed", to=address, key=key, context=context, is_secret=True)


def tell_frozen(alarm: BankAlarm) -> None:
    """Owes each admin and each reviewer that the profile is frozen."""
    context = {"profile": alarm.profile, "partner": alarm.partner, "raised_by": alarm.raised_by}
    for address in _admins(alarm.profile):
        path = {"path": reverse("payout", args=[alarm.profile_id])}
        outbox.owe("bank_frozen", to=address, key=f"bank_frozen:{alarm.pk}:{address.key}", context=context | path)
    for user in holding(OperatorRole.REVIEWER):
        more = {"path": reverse("alarm", args=[alarm.pk]), "is_reviewer": True}
        outbox.owe("bank_frozen", to=user, key=f"bank_frozen:{alarm.pk}:{user.pk}", context=context | more)


def tell_settled(alarm: BankAlarm) -> None:
    """Owes each admin what came of the alarm."""
    context = {
        "profile": alarm.profile,
        "genuine": alarm.outcome == BankAlarm.Outcome.GENUINE,
        "note": alarm.note,
        "path": reverse("payout", args=[alarm.profile_id]),
        "support": settings.SUPPORT_EMAIL,
    }
    for address in _admins(alarm.profile):
        outbox.owe("bank_settled", to=address, key=f"bank_settled:{alarm.pk}:{address.key}", context=context)
