"""The lines of a rollover plan: those that are wanted, page by page or as a file (rules FIS-3, OPS-4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.urls import reverse

from enrollment.models import EndReason, RolloverLine, RolloverPlan

from .rollover import before_in_words, outcome_in_words

PER_PAGE = 50


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
