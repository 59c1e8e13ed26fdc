"""What many enrollments at once would come to, before anybody starts it (rule ENR-5)."""

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from django.db.models import Q, QuerySet
from django.http import Http404, QueryDict

from accounts.actor import Actor
from accounts.policy import get_all_or_404, get_or_404
from enrollment.bulk import DONE, NOTHING_LEFT, Choice, Code, Verdict, judge
from enrollment.bulk_facts import gather, seen
from enrollment.models import BulkEnrollment, Enrollment
from enrollment.policy import visible_to
from enrollment.queries.overview import matching
from enrollment.queries.wish import Wish
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear

# More than this isn't started at once: a partner of any size can go by country or program.
MOST = 10_000
# What was tried and isn't as it was meant to be.
FAILED = Q(done_at__isnull=False) & ~Q(outcome__in=DONE | NOTHING_LEFT)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which enrollments: some that were ticked, all that fit a filter, or what failed in a job before."""

    ids: tuple[str, ...] = ()
    wish: Wish | None = None
    again: str = ""

    @classmethod
    def read(cls, query: QueryDict, *, this_year: FiscalYear) -> Self:
        """The selection that a form states. Of several ways to choose, the filter goes first."""
        if query.get("all"):
            return cls(wish=Wish.read(query, this_year=this_year))
        if again := query.get("again", ""):
            return cls(again=again)
        return cls(ids=tuple(dict.fromkeys(query.getlist("row"))))

    def fields(self, this_year: FiscalYear) -> list[tuple[str, str]]:
        """The same as names and values of a form."""
        if self.wish:
            return [("all", "1"), *self.wish.filter_fields(this_year)]
        return [("again", self.again)] if self.again else [("row", pk) for pk in self.ids]


@dataclass(frozen=True, slots=True)
class Judged:
    """One enrollment and what becomes of it."""

    row: Enrollment
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Preview:
    """Who can, and who can't and why. `seal` is short for all of it: who confirms it, confirms this and nothing else."""

    ready: list[Judged]
    others: dict[str, list[Judged]]
    seal: str
    too_many: int = 0

    @property
    def total(self) -> int:
        return len(self.ready) + sum(map(len, self.others.values()))


def job_of(actor: Actor, pk: uuid.UUID | str) -> BulkEnrollment:
    """A job that this person started for this partner; anybody else's does not exist (rule ACC-8)."""
    jobs = BulkEnrollment.objects.select_related("payout_profile", "again_of")
    return get_or_404(jobs, pk=pk, started_by=actor.user, partner=actor.partner)


def chosen(actor: Actor, selection: Selection) -> QuerySet[Enrollment]:
    """The enrollments that are meant, of those that `actor` sees. Raises Http404 for one that they don't."""
    if selection.wish:
        return matching(actor, selection.wish)
    if selection.again:
        rows = job_of(actor, selection.again).rows.filter(FAILED).values("enrollment")
        return visible_to(actor).filter(pk__in=rows)
    if len(selection.ids) > MOST:
        raise Http404
    return visible_to(actor).filter(pk__in=[row.pk for row in get_all_or_404(visible_to(actor).only("pk"), selection.ids)])


def preview(actor: Actor, selection: Selection, choice: Choice) -> Preview:
    """Judges every enrollment of the selection. Eight queries at most, whatever their number."""
    rows = chosen(actor, selection).select_related("program", "location").defer("requirements")
    found = list(rows.order_by("location__name", "location__mpn_id", "program__code", "pk")[: MOST + 1])
    if len(found) > MOST:
        return Preview([], {}, "", too_many=MOST)
    facts = gather(found, choice, actor, clock.today())
    ready: list[Judged] = []
    others: dict[str, list[Judged]] = defaultdict(list)
    for row in found:
        one = Judged(row, judge(facts.situation(row), choice))
        (ready if one.verdict.code == Code.READY else others[one.verdict.code]).append(one)
    by_number = dict(sorted(others.items(), key=lambda pair: -len(pair[1])))
    return Preview(ready, by_number, _seal(ready, choice))


def _seal(ready: Sequence[Judged], choice: Choice) -> str:
    digest = hashlib.blake2b(repr(choice).encode(), digest_size=16)
    for one in sorted(ready, key=lambda one: one.row.pk):
        digest.update(f"{one.row.pk}{one.verdict}{seen(one.row)}".encode())
    return digest.hexdigest()
