"""What changed in eligibility since yesterday, and why: to a partner place by place, to the operator in numbers (rule ELI-2)."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import Location
from accounts.policy import within
from accounts.roles import Permission
from enrollment.models import EligibilityDecision, Enrollment, Program
from enrollment.policy import PLACE
from enrollment.queries.requirements import ItemShown, item_shown, title_of
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.fragments import Sql, joined, rows_of, sql

LISTED = 20
SAMPLES = 5
# A decision that is in force now and differs from the one that was in force when `since` came.
_MOVED = """
SELECT d.id, b.id AS before_id, d.program_id, d.location_id, d.eligible, d.rule_version <> b.rule_version AS by_rule,
    CASE WHEN d.eligible THEN b.receipt ELSE d.receipt END AS receipt
FROM enrollment_eligibilitydecision d CROSS JOIN LATERAL (
    SELECT p.id, p.eligible, p.rule_version, p.receipt FROM enrollment_eligibilitydecision p
    WHERE p.location_id = d.location_id AND p.program_id = d.program_id AND p.decided_at < %s AND NOT p.is_current
    ORDER BY p.decided_at DESC, p.id DESC LIMIT 1
) b
WHERE d.is_current AND d.decided_at >= %s AND d.eligible <> b.eligible AND {narrowed}
"""
_COUNTED = """
WITH moved AS MATERIALIZED ({moved})
SELECT
    (SELECT jsonb_agg(jsonb_build_array(program_id, eligible, number, by_rule))
     FROM (SELECT program_id, eligible, count(*) AS number, count(*) FILTER (WHERE by_rule) AS by_rule
           FROM moved GROUP BY program_id, eligible) one),
    (SELECT jsonb_agg(jsonb_build_array(program_id, eligible, title_en, title_sv, number)) FROM (
        SELECT program_id, eligible, part ->> 'title_en' AS title_en, part ->> 'title_sv' AS title_sv, count(*) AS number
        FROM moved CROSS JOIN LATERAL jsonb_array_elements(receipt -> 'groups') part
        WHERE NOT (part ->> 'met')::boolean GROUP BY 1, 2, 3, 4) one),
    (SELECT jsonb_agg(jsonb_build_array(id, before_id)) FROM (
        SELECT id, before_id, row_number() OVER (PARTITION BY program_id, eligible ORDER BY location_id) AS place FROM moved) one
     WHERE place <= %s)
"""


@dataclass(frozen=True, slots=True)
class Changed:
    """One location that became eligible for a program, or stopped being so, and what made the difference."""

    program: str
    location: Location
    eligible: bool
    at: dt.datetime
    why: tuple[str, ...]
    url: str = ""


@dataclass(slots=True)
class Side:
    """Those who gained eligibility for a program, or lost it."""

    count: int = 0
    by_rule: int = 0
    reasons: list[tuple[str, int]] = field(default_factory=list)
    samples: list[Changed] = field(default_factory=list)


@dataclass(slots=True)
class ProgramChanges:
    """What changed for one program."""

    program: Program
    gained: Side = field(default_factory=Side)
    lost: Side = field(default_factory=Side)

    def side(self, *, eligible: bool) -> Side:
        return self.gained if eligible else self.lost


def since_yesterday() -> dt.datetime:
    """The first moment of yesterday: a night's evaluation and what was checked on demand since."""
    return clock.start_of(clock.today() - dt.timedelta(days=1))


def all_changes(since: dt.datetime, now: dt.datetime) -> list[ProgramChanges]:
    """Program by program, in numbers with reasons and a few locations; five questions, whatever their number."""
    moved = _moved(since)
    counted, reasons, sampled = (json.loads(part or "[]") for part in rows_of(sql(_COUNTED, SAMPLES, moved=moved))[0])
    programs = {str(program.pk): ProgramChanges(program) for program in Program.objects.order_by("code")}
    for program_id, eligible, number, by_rule in counted:
        side = programs[program_id].side(eligible=eligible)
        side.count, side.by_rule = number, by_rule
    for program_id, eligible, title_en, title_sv, number in sorted(reasons, key=lambda one: -one[4]):
        words = title_of({"title_en": title_en, "title_sv": title_sv})
        programs[program_id].side(eligible=eligible).reasons.append((words, number))
    for decision, changed in _shown([(one, before) for one, before in sampled], now):
        programs[str(decision.program_id)].side(eligible=changed.eligible).samples.append(changed)
    return [one for one in programs.values() if one.gained.count or one.lost.count]


def changes_seen_by(actor: Actor, since: dt.datetime, now: dt.datetime) -> tuple[list[Changed], int]:
    """The newest changes among the locations and programs that the actor sees, each with the link to it, and how many there are."""
    if actor.partner is None:
        return [], 0
    pairs = [(one, before) for one, before, *_rest in rows_of(_moved(since, sql("d.partner_id = %s", actor.partner.pk)))]
    scope = within(actor, Permission.SEE_ENROLLMENTS, **PLACE)
    seen = EligibilityDecision.objects.filter(scope, pk__in=[one for one, _before in pairs])
    ids = list(seen.order_by("-decided_at", "location__name", "pk").values_list("pk", flat=True))
    before = dict(pairs)
    found = [changed for _decision, changed in _shown([(one, before[one]) for one in ids[:LISTED]], now, linked=True)]
    return found, len(ids)


def change_of(decision: EligibilityDecision, since: dt.datetime, now: dt.datetime) -> Changed | None:
    """What changed for the location and program of a decision, where anything did."""
    here = sql("d.id = %s", decision.pk)
    pairs = [(one, before) for one, before, *_rest in rows_of(_moved(since, here))]
    return next((changed for _decision, changed in _shown(pairs, now)), None)


def _moved(since: dt.datetime, *narrowed: Sql) -> Sql:
    return sql(_MOVED, since, since, narrowed=joined(" AND ", narrowed, empty="TRUE"))


def _shown(
    pairs: Sequence[tuple[int, int]], now: dt.datetime, *, linked: bool = False
) -> Iterator[tuple[EligibilityDecision, Changed]]:
    """Decisions with those that they replaced, in words and in the order of `pairs`."""
    ids = {pk for pair in pairs for pk in pair}
    rows = EligibilityDecision.objects.select_related("program", "location__partner").in_bulk(ids)
    urls = _links([rows[one] for one, _before in pairs]) if linked and pairs else {}
    for one, before in pairs:
        decision = rows[one]
        yield (
            decision,
            Changed(
                program=decision.program.name,
                location=decision.location,
                eligible=decision.eligible,
                at=decision.decided_at,
                why=tuple(why(rows[before], decision, now)),
                url=urls.get((decision.program_id, decision.location_id), ""),
            ),
        )


def _links(decisions: Sequence[EligibilityDecision]) -> dict[tuple[UUID, UUID | None], str]:
    """The eligibility page of each, where the year has a row."""
    year = FiscalYear.of(clock.today()).ends_in
    rows: QuerySet[Enrollment, Any] = Enrollment.objects.filter(
        fiscal_year=year,
        location__in={one.location_id for one in decisions},
        program__in={one.program_id for one in decisions},
    )
    return {
        (program_id, location_id): reverse("eligibility", args=[pk])
        for pk, program_id, location_id in rows.values_list("pk", "program_id", "location_id")
    }


def why(before: EligibilityDecision, after: EligibilityDecision, now: dt.datetime) -> list[str]:
    """What made the difference: the items that are met now and weren't, or the other way round; else that the rule changed."""
    old = {_asked(item): item for item in _items(before)}
    turned = [
        item_shown(item, now)
        for item in _items(after)
        if (known := old.get(_asked(item))) is not None and item["met"] == after.eligible and known["met"] != item["met"]
    ]
    words = [_sentence(one) for one in turned]
    if after.rule_version != before.rule_version:
        words.insert(0, _("The requirements of the program changed."))
        words += [_sentence(item_shown(item, now)) for item in _items(after) if not after.eligible and _is_new(item, old)]
    return list(dict.fromkeys(words))


def _is_new(item: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    return not item["met"] and _asked(item) not in old


def _sentence(one: ItemShown) -> str:
    return f"{one.asked}: {one.observed}"


def _items(decision: EligibilityDecision) -> list[Mapping[str, Any]]:
    return [item for group in decision.receipt["groups"] for item in group["items"]]


def _asked(item: Mapping[str, Any]) -> str:
    return json.dumps(item["item"], sort_keys=True)
