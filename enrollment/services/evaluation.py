"""Evaluates eligibility, program × location, and keeps each decision with its inputs (rule ELI-2)."""

import datetime as dt
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from accounts.models import Location
from enrollment import eligibility
from enrollment.derivation import rederive
from enrollment.eligibility_facts import facts_of
from enrollment.errors import RefusedError
from enrollment.models import EligibilityDecision, Enrollment, Program
from enrollment.requirements import in_force
from incentives_portal.core import clock
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.fragments import run, sql
from incentives_portal.core.locks import alone

_DECIDE = """
INSERT INTO enrollment_eligibilitydecision (program_id, location_id, partner_id, eligible, rule_version, receipt, decided_at, evaluated_at,
    is_current)
SELECT program_id, location_id, partner_id, eligible, rule_version, receipt::jsonb, portal_now(), portal_now(), true
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::boolean[], %s::integer[], %s::text[])
    AS new (program_id, location_id, partner_id, eligible, rule_version, receipt)
"""
_CONFIRM = """
UPDATE enrollment_eligibilitydecision SET evaluated_at = greatest(portal_now(), decided_at) WHERE id = ANY (%s::bigint[])
"""
# Between two evaluations of a location that people ask for.
PAUSE = dt.timedelta(minutes=10)


@dataclass(slots=True)
class Counts:
    """How many locations were evaluated for a program, and how many are eligible."""

    evaluated: int = 0
    eligible: int = 0

    def as_json(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Rule:
    """A program as far as eligibility goes."""

    program: Program
    groups: tuple[eligibility.Group, ...]


def evaluate(
    *,
    by: Any,
    on: dt.date | None = None,
    program_codes: Collection[str] | None = None,
    location_ids: Collection[UUID] | None = None,
    batch: int = 500,
) -> dict[str, Counts]:
    """Evaluates every program (or those named) over every location (or those named), and counts by program code.

    Programs that are discontinued or for Partner Global Accounts are evaluated too; *open to all* finds everybody eligible, and
    one whose requirements are not published yet is left out.
    A decision is kept anew when its outcome, its inputs or the rule changed; otherwise only the time of its evaluation
    moves. Enrollments whose decision changed are derived anew. With `on`, another day is asked about and nothing is stored.
    """
    rules = _rules(program_codes)
    counts = {rule.program.code: Counts() for rule in rules}
    for ids in _batches(location_ids, batch) if rules else ():
        decided = _decide_and_store(rules, ids, by) if on is None else _decide(rules, _located(ids), on)
        for (code, _location_id), decision in decided.items():
            counts[code].evaluated += 1
            counts[code].eligible += decision.eligible
    if on is None and location_ids is None:
        for rule in rules:
            Program.objects.filter(pk=rule.program.pk).update(evaluated_version=rule.program.rule_version)
    return counts


def evaluate_published(*, by: Any = SYSTEM) -> int:
    """Evaluates every location for the programs whose newest requirements not every location was evaluated with yet.

    One run at a time; one that is killed is begun anew by the next. Returns how many programs were evaluated.
    """
    with alone("evaluate_published") as free:
        behind = Program.objects.filter(evaluated_version__lt=F("rule_version")) if free else Program.objects.none()
        codes = list(behind.order_by("code").values_list("code", flat=True))
        if codes:
            evaluate(by=by, program_codes=codes)
    return len(codes)


def check_again(*, location: Location, by: Any) -> None:
    """Evaluates one location for every program now, on demand (rule ELI-2).

    Raises RefusedError where it was evaluated minutes ago: whoever presses twice, and whoever presses all day, gets no more.
    """
    with transaction.atomic():
        Location.objects.select_for_update(no_key=True).get(pk=location.pk)
        last = EligibilityDecision.objects.filter(location=location, is_current=True).aggregate(last=Max("evaluated_at"))["last"]
        if last is not None and clock.now() - last < PAUSE:
            raise RefusedError(
                _("This location was evaluated less than %(minutes)s minutes ago. What stands here is new.")
                % {"minutes": PAUSE // dt.timedelta(minutes=1)}
            )
        evaluate(by=by, location_ids=[location.pk])


Decided = dict[tuple[str, UUID], eligibility.Decision]


def _rules(codes: Collection[str] | None) -> list[_Rule]:
    programs = Program.objects.order_by("code").prefetch_related("groups__items")
    asked = programs if codes is None else programs.filter(code__in=codes)
    return [_Rule(program, groups) for program in asked if (groups := in_force(program)) is not None]


def _batches(location_ids: Collection[UUID] | None, size: int) -> Iterator[list[UUID]]:
    """Ids of locations, those of one partner side by side so that its facts are read once or twice."""
    chosen = Location.objects.order_by("partner_id", "pk").values_list("pk", flat=True)
    ids = list(chosen if location_ids is None else chosen.filter(pk__in=location_ids))
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _located(ids: Sequence[UUID]) -> list[Location]:
    return list(Location.objects.filter(pk__in=ids).select_related("partner").order_by("pk"))


def _decide(rules: Sequence[_Rule], locations: Sequence[Location], day: dt.date) -> Decided:
    facts = facts_of(locations)
    return {
        (rule.program.code, location.pk): eligibility.evaluate(rule.groups, facts[location.pk], day)
        for rule in rules
        for location in locations
    }


@transaction.atomic
def _decide_and_store(rules: Sequence[_Rule], ids: Sequence[UUID], by: Any) -> Decided:
    # The locks let two evaluations of one location, or an import beside it, go one after the other.
    list(Location.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    rules, locations = _in_force(rules), _located(ids)
    decided = _decide(rules, locations, clock.today())
    known = _known(rules, ids)
    fresh: list[EligibilityDecision] = []
    confirmed: list[int] = []
    for rule in rules:
        for location in locations:
            decision = decided[rule.program.code, location.pk]
            receipt, before = decision.as_json(), known.get((rule.program.pk, location.pk))
            # Most nights say what stands already: rows are made for the rest alone.
            if before is None or (decision.eligible, rule.program.rule_version, receipt) != before[1:]:
                fresh.append(_row(rule, location, decision.eligible, receipt))
            else:
                confirmed.append(before[0])
    _keep(fresh, known)
    run(sql(_CONFIRM, confirmed))
    _derive_anew(fresh, by)
    return decided


Known = dict[tuple[UUID, UUID], tuple[Any, ...]]


def _known(rules: Sequence[_Rule], ids: Sequence[UUID]) -> Known:
    """The current decisions by program and location: id, outcome, version of the rule and receipt."""
    current = EligibilityDecision.objects.filter(is_current=True, location__in=ids)
    if len(rules) < Program.objects.count():  # to name all of them would only lead PostgreSQL to look for them
        current = current.filter(program__in=[rule.program.pk for rule in rules])
    rows = current.values_list("pk", "program_id", "location_id", "eligible", "rule_version", "receipt")
    return {(program_id, location_id): (pk, *said) for pk, program_id, location_id, *said in rows}


def _in_force(rules: Sequence[_Rule]) -> list[_Rule]:
    """Without those that were replaced since this run began: an old rule must not overwrite what the new one decided."""
    versions = dict(Program.objects.values_list("pk", "rule_version"))
    return [rule for rule in rules if versions.get(rule.program.pk) == rule.program.rule_version]


def _row(rule: _Rule, location: Location, eligible: bool, receipt: dict[str, Any]) -> EligibilityDecision:
    return EligibilityDecision(
        program=rule.program,
        location=location,
        partner_id=location.partner_id,
        eligible=eligible,
        receipt=receipt,
        rule_version=rule.program.rule_version,
    )


def _keep(fresh: Sequence[EligibilityDecision], known: Known) -> None:
    """The new decisions take the place of the current ones, which stay as history."""
    replaced = [known[key][0] for row in fresh if (key := (row.program_id, row.location_id)) in known]
    EligibilityDecision.objects.filter(pk__in=replaced).update(is_current=False)
    columns = ("program_id", "location_id", "partner_id", "eligible", "rule_version")
    receipts = [json.dumps(row.receipt) for row in fresh]
    run(sql(_DECIDE, *([getattr(row, name) for row in fresh] for name in columns), receipts))


def _derive_anew(fresh: Sequence[EligibilityDecision], by: Any) -> None:
    """The enrollments of this fiscal year, and of a later one that is open already, whose decision is new."""
    changed = {(row.program_id, row.location_id) for row in fresh}
    year = FiscalYear.of(clock.today()).ends_in
    rows = Enrollment.objects.filter(
        fiscal_year__gte=year, location__in={location_id for _program_id, location_id in changed}
    ).values_list("pk", "program_id", "location_id")
    rederive([pk for pk, *key in rows if tuple(key) in changed], cause="evaluated", by=by)
