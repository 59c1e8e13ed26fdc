"""What became of many enrollments at once, as the person who started it reads it (rule ENR-5)."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from accounts.actor import Actor
from enrollment.bulk import DONE, NOTHING_LEFT
from enrollment.bulk_wording import Words, words_of
from enrollment.models import BulkEnrollment, BulkEnrollmentRow


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows came to one outcome."""

    words: Words
    count: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. `failed` are those that can be tried again."""

    job: BulkEnrollment
    tallies: list[Tally]
    total: int
    waiting: int
    failed: int

    @property
    def done(self) -> int:
        return self.total - self.waiting

    @property
    def version(self) -> str:
        """Another value means that there is something new to show."""
        return f"{self.done}{'.' if self.job.finished_at else ''}"


def progress(job: BulkEnrollment) -> Progress:
    """One query; the outcomes that call for something first, then by number."""
    counts = dict(job.rows.values_list("outcome").annotate(n=Count("pk")).order_by())
    bad = {code for code in counts if code and code not in DONE | NOTHING_LEFT}
    order = sorted(counts, key=lambda code: (code not in bad, code == "", -counts[code]))
    return Progress(
        job,
        [Tally(words_of(code), counts[code]) for code in order],
        sum(counts.values()),
        counts.get("", 0),
        sum(counts[code] for code in bad),
    )


def jobs_of(actor: Actor) -> QuerySet[BulkEnrollment]:
    """What this person started for this partner, the newest first, with `total`, `done` and `well`."""
    jobs = BulkEnrollment.objects.filter(started_by=actor.user, partner=actor.partner).select_related("payout_profile")
    return jobs.annotate(
        total=Count("rows"),
        done=Count("rows", filter=Q(rows__done_at__isnull=False)),
        well=Count("rows", filter=Q(rows__outcome__in=DONE)),
    ).order_by("-started_at")


def rows_of(job: BulkEnrollment, outcome: str | None) -> QuerySet[BulkEnrollmentRow]:
    """The rows of a job with what names them, those of one outcome where it is given (empty: those that wait)."""
    rows = job.rows.select_related("enrollment__program", "enrollment__location").defer("enrollment__requirements")
    if outcome is not None:
        rows = rows.filter(outcome=outcome)
    return rows.order_by("pk")


@dataclass(frozen=True, slots=True)
class Result:
    """One row, ready to print."""

    row: BulkEnrollmentRow
    words: Words


def results(rows: Iterable[BulkEnrollmentRow]) -> list[Result]:
    known: dict[str, Words] = {}
    return [Result(row, known.setdefault(row.outcome, words_of(row.outcome))) for row in rows]
