"""What comes of a range beside the enrollments themselves: notices, mails and the audit log (rules FIS-2, OPS-3)."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from django.urls import reverse
from django.utils import translation

from accounts.actor import roles_in_force
from accounts.models import Partner, RoleAssignment, User
from accounts.roles import PartnerRole
from enrollment.models import Enrollment, Notice, Program, RolloverPlan, RolloverRange
from enrollment.queries.actions import next_step
from enrollment.wording import REASON_SENTENCES, text_of, worded
from incentives_portal.core import audit, clock, outbox
from incentives_portal.core.fragments import Sql, rows_of, run, sql

from .going import HEIR, OLD, bounds

# So many of each kind a mail names; the portal shows them all.
LISTED = 20
# What isn't continued, by its old row, and what goes on but lacks something, by its new one.
_NEWS = f"""
SELECT old.id, old.partner_id, old.location_id, old.program_id, old.end_reason AS reason, 'not_continued' AS kind, old.requirements
FROM going {OLD} WHERE going.verdict IS NOT NULL AND going.end_reason NOT IN ('year_ended', 'pga_history')
UNION ALL
SELECT heir.id, heir.partner_id, heir.location_id, heir.program_id, '', 'held', heir.requirements
FROM going {HEIR} WHERE going.verdict = 'hold' AND going.goes_on AND heir.status = 'action_required'
"""  # noqa: S608
# The incentives admins in scope of each.
_TOLD = f"""
SELECT m.user_id, news.* FROM ({_NEWS}) news
JOIN enrollment_program g ON g.id = news.program_id
JOIN accounts_roleassignment r ON r.partner_id = news.partner_id AND r.id IN ({{admins}})
JOIN accounts_membership m ON m.id = r.membership_id
WHERE (cardinality(r.program_codes) = 0 OR g.code = ANY (r.program_codes)) AND (r.entire_organization OR EXISTS (
    SELECT FROM accounts_rolelocation x WHERE x.assignment_id = r.id AND x.location_id = news.location_id
))
"""  # noqa: S608
_NOTICES = """
INSERT INTO enrollment_notice (id, user_id, enrollment_id, kind, created_at, key)
SELECT uuidv7(), told.user_id, told.id, told.kind, %s, concat(told.kind, ':', told.id, ':', told.user_id) FROM ({told}) told
ON CONFLICT (key) DO NOTHING
"""
_LINES = """
SELECT told.user_id, told.partner_id, told.kind, told.id, concat_ws(' · ', l.name, l.mpn_id), told.program_id, told.reason,
    told.requirements, told.number
FROM (
    SELECT told.*, count(*) OVER together AS number, row_number() OVER (together ORDER BY told.location_id, told.program_id) AS place
    FROM ({told}) told WINDOW together AS (PARTITION BY told.user_id, told.partner_id, told.kind)
) told LEFT JOIN accounts_location l ON l.id = told.location_id
WHERE told.place <= %s ORDER BY told.user_id, told.partner_id, told.kind, told.place
"""


class Line(NamedTuple):
    """An enrollment in a mail."""

    place: str
    program: str
    why: str
    path: str


class _Row(NamedTuple):
    pk: UUID
    place: str
    program_id: UUID
    reason: str
    requirements: str


@dataclass(slots=True)
class _Letter:
    """What one person is told about one partner."""

    rows: defaultdict[str, list[_Row]] = field(default_factory=lambda: defaultdict(list))
    numbers: dict[str, int] = field(default_factory=dict)


def tell(plan: RolloverPlan, part: RolloverRange) -> None:
    """Each incentives admin finds a notice for whatever did not simply go on, and gets one mail about all of it."""
    today = RoleAssignment.objects.filter(roles_in_force(), role=PartnerRole.INCENTIVES_ADMIN).values("pk").order_by()
    told = sql(_TOLD, admins=Sql(*today.query.sql_with_params()), **bounds(part.places))
    if not run(sql(_NOTICES, clock.now(), told=told)):
        return
    letters: defaultdict[tuple[UUID, UUID], _Letter] = defaultdict(_Letter)
    for user_id, partner_id, kind, *row, number in rows_of(sql(_LINES, LISTED, told=told)):
        letter = letters[user_id, partner_id]
        letter.rows[kind].append(_Row(*row))
        letter.numbers[kind] = number
    _send(plan, part, letters)


def _send(plan: RolloverPlan, part: RolloverRange, letters: dict[tuple[UUID, UUID], _Letter]) -> None:
    users = User.objects.in_bulk([user_id for user_id, _ in letters])
    partners = Partner.objects.in_bulk([partner_id for _, partner_id in letters])
    programs = Program.objects.in_bulk()
    for (user_id, partner_id), letter in letters.items():
        user = users[user_id]
        with translation.override(user.language):
            context = _context(letter, programs) | {"year": plan.year, "partner": partners[partner_id], "path": reverse("overview")}
        key = f"year_end:{plan.pk}:{part.number}:{partner_id}:{user_id}"
        outbox.owe("year_end", to=user, key=key, context=context)


def _context(letter: _Letter, programs: Mapping[UUID, Program]) -> dict[str, Any]:
    context: dict[str, Any] = {}
    for name, kind in (("ended", Notice.Kind.NOT_CONTINUED), ("held", Notice.Kind.HELD)):
        number = letter.numbers.get(kind, 0)
        lines = [_line(row, programs) for row in letter.rows[kind]]
        context |= {name: lines, f"{name}_count": number, f"more_{name}": number - len(lines)}
    return context


def _line(row: _Row, programs: Mapping[UUID, Program]) -> Line:
    step = next_step(json.loads(row.requirements))
    why = text_of(step).sentence if step and not row.reason else REASON_SENTENCES.get(row.reason, "")
    return Line(row.place, programs[row.program_id].name, worded(why), reverse("enrollment", args=[row.pk]))


_NAMED = """
    concat(g.code, ' ', %s::text, ' ', coalesce(l.mpn_id, p.pga_id)) AS name, going.partner_id"""
_FROM = """
FROM going JOIN enrollment_program g ON g.id = going.program_id JOIN accounts_partner p ON p.id = going.partner_id
LEFT JOIN accounts_location l ON l.id = going.location_id
"""
_ENDED = f"""
SELECT going.old_id AS id, {_NAMED}, NULL::jsonb AS before, jsonb_build_object('reason', going.end_reason) AS after
{_FROM} WHERE going.verdict IS NOT NULL
"""
_CONTINUED = f"""
SELECT going.heir_id AS id, {_NAMED}, jsonb_build_object('year', %s::text) AS before, jsonb_build_object('year', %s::text) AS after
{_FROM} WHERE going.goes_on
"""


def record(plan: RolloverPlan, *, by: Any) -> None:
    """What ended and what continued, in the audit log of its partner."""
    this, following = str(plan.year), str(plan.year.next)
    audit.record_each("enrollment.ended", Enrollment, sql(_ENDED, this), by=by)
    audit.record_each("enrollment.continued", Enrollment, sql(_CONTINUED, following, this, following), by=by)
