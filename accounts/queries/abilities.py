"""Effective permissions: what a person may do, where, and until when."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import OperatorAssignment, User
from accounts.queries.people import PersonRow
from accounts.roles import PERMISSION_TEXTS, ROLES, Permission


@dataclass(frozen=True, slots=True)
class Ability:
    """One thing that the person may do; `where` and `until` come from every role that carries it."""

    text: str
    where: str


def abilities_of(row: PersonRow) -> list[Ability]:
    """What a member may do at their partner. Nothing while they are suspended or their account is closed."""
    if row.membership.suspended_at or not row.membership.user.is_active:
        return []
    where: dict[Permission, list[str]] = {}
    for held in row.roles:
        for permission in ROLES[held.assignment.role].permissions if not held.expired else ():
            where.setdefault(permission, []).append(_until(held.scope, held.assignment.expires_on))
    return _told(where)


def abilities_of_operator(user: User) -> tuple[list[str], list[Ability]]:
    """The roles of one of the operator's people, and what these let them do for every partner."""
    held = list(OperatorAssignment.objects.filter(user=user).order_by("role"))
    everywhere: dict[Permission, list[str]] = {}
    for assignment in held:
        for permission in ROLES[assignment.role].permissions:
            everywhere[permission] = [_("All partners")]
    return [assignment.get_role_display() for assignment in held], _told(everywhere)


def _until(scope: str, expires_on: dt.date | None) -> str:
    if expires_on is None:
        return scope
    return _("%(where)s, until %(day)s") % {"where": scope, "day": date_format(expires_on, "DATE_FORMAT")}


def _told(where: dict[Permission, list[str]]) -> list[Ability]:
    return [
        Ability(str(text), "; ".join(_once(where[permission])))
        for permission, text in PERMISSION_TEXTS.items()
        if permission in where
    ]


def _once(words: Iterable[str]) -> list[str]:
    """Each once; beside the entire organization, for every program and without an end, nothing else needs saying."""
    once = list(dict.fromkeys(words))
    everywhere = _("Entire organization")
    return [everywhere] if everywhere in once else once
