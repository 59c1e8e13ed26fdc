"""Rollover plans as program managers read them (rule FIS-3)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from enrollment.models import EndReason, Program, RolloverLine, RolloverPlan
from enrollment.services import rollover
from enrollment.wording import PLAN_STATES, ROLLOVER_HEADS, ROLLOVER_REASONS, worded

PER_PAGE = 50


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
    """A program's row of the totals: the number of each outcome, with the address of its lines."""

    code: str
    name: str
    cells: tuple[tuple[int, str], ...]
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
        (numbers[code, one.verdict, one.reason], f"{address}?program={code}&verdict={one.verdict}&reason={one.reason}")
        for one in OUTCOMES
    )
    return ProgramTotals(code, name, cells, sum(number for number, _ in cells))


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


@dataclass(frozen=True, slots=True)
class LineWish:
    """Which lines are wanted; what an address asks that doesn't exist is left out."""

    program: str = ""
    verdict: str = ""
    reason: str = ""
    changed: bool = False
    search: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "LineWish":
        verdict, reason = given.get("verdict", ""), given.get("reason", "")
        return cls(
            program=given.get("program", "")[:20],
            verdict=verdict if verdict in RolloverLine.Verdict.values else "",
            reason=reason if reason in EndReason.values else "",
            changed=given.get("changed") == "1",
            search=given.get("q", "").strip()[:20],
        )

    def narrow(self, lines: QuerySet[RolloverLine]) -> QuerySet[RolloverLine]:
        if self.program:
            lines = lines.filter(enrollment__program__code=self.program)
        if self.verdict:
            lines = lines.filter(verdict=self.verdict)
        if self.reason:
            lines = lines.filter(reason=self.reason)
        if self.changed:
            lines = lines.exclude(was="")
        if self.search:
            lines = lines.filter(Q(enrollment__location__mpn_id=self.search) | Q(enrollment__partner__pga_id=self.search))
        return lines


class KnownPaginator(Paginator):  # type: ignore[type-arg]
    """Pages of lines that are counted already: the plan's totals know, so that a million aren't counted for each page."""

    def __init__(self, lines: Any, per_page: int, number: int | None) -> None:
        super().__init__(lines, per_page)
        self._number = number

    @cached_property
    def count(self) -> int:
        return super().count if self._number is None else self._number


@dataclass(frozen=True, slots=True)
class LineShown:
    """A line, ready to print."""

    url: str
    place: str
    partner: str
    program: str
    look: str
    outcome: str
    before: str


LOOKS = {"continue": "enrolled", "hold": "action_required", "end": "inactive"}


def page_of(plan: RolloverPlan, wish: LineWish, number: str | None) -> tuple[Page, list[LineShown]]:  # type: ignore[type-arg]
    """A page of lines. Three queries, whatever their number."""
    wanted = wish.narrow(plan.lines.order_by("id")).values_list("pk", flat=True)
    page = KnownPaginator(wanted, PER_PAGE, _known(plan, wish)).get_page(number)
    return page, list(shown_lines(plan, list(page.object_list)))


def _known(plan: RolloverPlan, wish: LineWish) -> int | None:
    if wish.search or wish.changed or plan.ready_at is None:
        return None
    return sum(
        int(row["number"])
        for row in plan.totals
        if (not wish.program or row["program"] == wish.program)
        and (not wish.verdict or row["verdict"] == wish.verdict)
        and (not wish.reason or row["reason"] == wish.reason)
    )


def shown_lines(plan: RolloverPlan, ids: Sequence[int]) -> Iterable[LineShown]:
    pattern = reverse("enrollment", args=[UUID(int=0)])
    for line in _with_names(ids):
        row = line.enrollment
        yield LineShown(
            url=pattern.replace(str(UUID(int=0)), str(row.pk)),
            place=str(row.location or row.partner.pga_id),
            partner=row.partner.legal_name,
            program=row.program.name,
            look=LOOKS[line.verdict],
            outcome=outcome_in_words(line.verdict, line.reason),
            before=before_in_words(line.was),
        )


def exported(plan: RolloverPlan, wish: LineWish, *, size: int = 2_000) -> Iterable[list[tuple[str, ...]]]:
    """All wanted lines for a file, some thousand at a time."""
    last = 0
    while ids := list(wish.narrow(plan.lines.order_by("id")).filter(pk__gt=last).values_list("pk", flat=True)[:size]):
        last = ids[-1]
        yield [_exported(line) for line in _with_names(ids)]


def _with_names(ids: Sequence[int]) -> QuerySet[RolloverLine]:
    rows = RolloverLine.objects.filter(pk__in=ids).order_by("id")
    return rows.select_related("enrollment__program", "enrollment__location", "enrollment__partner")


def _exported(line: RolloverLine) -> tuple[str, ...]:
    row = line.enrollment
    place = row.location
    return (
        row.partner.pga_id,
        row.partner.legal_name,
        place.mpn_id if place else "",
        place.name if place else "",
        row.program.code,
        str(RolloverLine.Verdict(line.verdict).label),
        outcome_in_words(line.verdict, line.reason) if line.reason else "",
        before_in_words(line.was),
    )
