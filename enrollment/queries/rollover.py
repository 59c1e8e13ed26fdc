"""Rollover plans as program managers read them (rule FIS-3)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from enrollment.models import Program, RolloverLine, RolloverPlan
from enrollment.services import rollover
from enrollment.wording import PLAN_STATES, ROLLOVER_HEADS, ROLLOVER_REASONS, worded


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict with its reason: a column of the totals."""

    verdict: str
    reason: str

    @property
    def label(self) -> str:
        return outcome_in_words(self.verdict, self.reason)

    @property
    def head(self) -> str:
        """As narrow as a column of numbers."""
        return worded(ROLLOVER_HEADS[self.reason])


OUTCOMES = (
    Outcome("continue", ""),
    Outcome("hold", "incomplete"),
    *(Outcome("end", reason) for reason in ("not_eligible", "not_offered", "pga_history")),
)


def outcome_in_words(verdict: str, reason: str) -> str:
    """*Ends: the location was not eligible …*; for a new line *Not in the plan before*."""
    if verdict == RolloverLine.NEW:
        return _("Not in the plan before")
    return worded(ROLLOVER_REASONS.get(reason) or RolloverLine.Verdict(verdict).label)


def before_in_words(was: str) -> str:
    """What a line was in the plan before; empty where nothing changed."""
    verdict, _colon, reason = was.partition(":")
    return outcome_in_words(verdict, reason) if verdict else ""


@dataclass(frozen=True, slots=True)
class ProgramTotals:
    """A program's row of the totals: each outcome's heading and number, with the address of its lines."""

    code: str
    name: str
    cells: tuple[tuple[str, int, str], ...]
    total: int


@dataclass(frozen=True, slots=True)
class Changed:
    """So many lines of a program had another outcome in the plan before."""

    program: str
    before: str
    after: str
    number: int


@dataclass(frozen=True)
class PlanShown:
    """A plan, ready to print."""

    plan: RolloverPlan
    ranges: int
    planned: int
    applied: int

    @property
    def state(self) -> str:
        return worded(PLAN_STATES[self.plan.state])

    @property
    def is_moving(self) -> bool:
        return self.plan.state in {"planning", "applying"}

    @property
    def done(self) -> int:
        return self.applied if self.plan.started_at else self.planned

    @property
    def version(self) -> str:
        """Changes when there is something new to show."""
        return f"{self.plan.state}-{self.planned}-{self.applied}"

    @cached_property
    def report(self) -> list[tuple[str, int]]:
        """What has been done so far."""
        done = rollover.report(self.plan)
        words = {
            "continued": _("Continued"),
            "held": _("Continued, something is missing"),
            "ended": _("Ended"),
            "unanswered": _("Invitations that nobody answered"),
            "left_alone": _("Had come to another end meanwhile"),
            "late": _("Accepted after the plan was made"),
        }
        return [(words[name], number) for name, number in done.as_json().items()]


def shown(plan: RolloverPlan) -> PlanShown:
    """How far a plan is. One query."""
    counts = plan.ranges.aggregate(
        ranges=Count("pk"),
        planned=Count("pk", filter=Q(planned_at__isnull=False)),
        applied=Count("pk", filter=Q(applied_at__isnull=False)),
    )
    return PlanShown(plan, **counts)


def totals(plan: RolloverPlan) -> list[ProgramTotals]:
    """By program and outcome, and the sum of all programs."""
    numbers: Counter[tuple[str, str, str]] = Counter()
    for row in plan.totals:
        numbers[row["program"], row["verdict"], row["reason"]] += row["number"]
        numbers["", row["verdict"], row["reason"]] += row["number"]
    names = {program.code: program.name for program in Program.objects.all()}
    codes = sorted({row["program"] for row in plan.totals})
    return [_totals_of(plan, code, names.get(code, _("All programs")), numbers) for code in [*codes, ""]]


def _totals_of(plan: RolloverPlan, code: str, name: str, numbers: Mapping[tuple[str, str, str], int]) -> ProgramTotals:
    address = reverse("rollover_lines", args=[plan.pk])
    cells = tuple(
        (one.head, numbers[code, one.verdict, one.reason], f"{address}?program={code}&verdict={one.verdict}&reason={one.reason}")
        for one in OUTCOMES
    )
    return ProgramTotals(code, name, cells, sum(number for _head, number, _address in cells))


def changes(plan: RolloverPlan) -> list[Changed]:
    """What is otherwise than in the plan before, the most frequent first."""
    found = [
        Changed(
            row["program"],
            before_in_words(row["was"]),
            outcome_in_words(row["verdict"], row["reason"]),
            row["number"],
        )
        for row in plan.changes
    ]
    return sorted(found, key=lambda one: -one.number)
