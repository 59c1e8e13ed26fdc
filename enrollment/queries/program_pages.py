"""What program managers see of a program: where it stands, its guides, and whom discontinuing it would concern (rule PRG-1)."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet

from accounts.models import Location
from enrollment.models import (
    Agreement,
    Designation,
    Enrollment,
    FiscalYearOffer,
    Program,
    ProgramGuide,
    RequirementDraft,
    RequirementItem,
)
from enrollment.program_forms import seal
from enrollment.queries.overview import URGENCY
from enrollment.queries.requirements import GroupShown, groups_shown, readable, title_of
from enrollment.status import STATUS_CHOICES, ShownStatus, Status, shown_to
from enrollment.wording import STATUS_LABELS
from incentives_portal.core.fiscal import FiscalYear

SAMPLES = 10


@dataclass(frozen=True, slots=True)
class StatusCount:
    """How many enrollments read a status."""

    status: str
    label: str
    count: int


def programs_with_state(year: FiscalYear) -> QuerySet[Program]:
    """Every program, with whether it is offered in the year and whether a draft waits."""
    return Program.objects.order_by("code").annotate(
        is_offered=Exists(FiscalYearOffer.objects.filter(program=OuterRef("pk"), fiscal_year=year.ends_in)),
        has_draft=Exists(RequirementDraft.objects.filter(program=OuterRef("pk"))),
    )


def enrolled_counts(year: FiscalYear) -> dict[Any, dict[str, int]]:
    """Enrollments of the year by program and status, in one query."""
    counted = Enrollment.objects.filter(fiscal_year=year.ends_in).order_by().values_list("program_id", "status")
    found: dict[Any, dict[str, int]] = {}
    for program_id, status, count in counted.annotate(n=Count("pk")):
        found.setdefault(program_id, {})[status] = count
    return found


def status_counts(rows: QuerySet[Enrollment]) -> tuple[StatusCount, ...]:
    """The rows by status as operators read it, the most urgent first."""
    numbers: dict[ShownStatus, int] = {}
    for status, reason, count in rows.order_by().values_list("status", "reason").annotate(n=Count("pk")):
        shown = shown_to(status, reason, may_enroll=True)
        numbers[shown] = numbers.get(shown, 0) + count
    return tuple(StatusCount(shown, str(STATUS_LABELS[shown]), numbers[shown]) for shown in URGENCY if numbers.get(shown))


def guides_of(program: Program) -> QuerySet[ProgramGuide]:
    """Every version of the guide, the newest first."""
    return (
        ProgramGuide.objects.filter(program=program).defer("content").select_related("uploaded_by").order_by("language", "-version")
    )


@dataclass(frozen=True, slots=True)
class Concerned:
    """Whom discontinuing a program concerns: live enrollments by status, their partners, and a few of them."""

    count: int
    partners: int
    statuses: tuple[StatusCount, ...]
    sample: tuple[Enrollment, ...]

    @property
    def seal(self) -> str:
        """A short name for what is shown: who confirms it confirms that, and not what has become of it since."""
        return seal([self.count, self.partners, [(one.status, one.count) for one in self.statuses]])


def concerned_by_discontinuing(program: Program, year: FiscalYear) -> Concerned:
    """This and later years' enrollments that are under way."""
    live = Enrollment.objects.filter(program=program, fiscal_year__gte=year.ends_in).exclude(
        status__in=[Status.INACTIVE, Status.DISCONTINUED]
    )
    numbers = live.aggregate(count=Count("pk"), partners=Count("partner", distinct=True))
    sample = live.select_related("location", "partner").order_by("partner__legal_name", "location__name", "pk")[:SAMPLES]
    return Concerned(numbers["count"], numbers["partners"], status_counts(live), tuple(sample))


@dataclass(frozen=True, slots=True)
class SampleShown:
    """A location that gains or loses eligibility, and the requirements that are why."""

    location: Location
    because: list[GroupShown]


@dataclass(frozen=True, slots=True)
class SideShown:
    """The locations that gain eligibility, or lose it, in words."""

    locations: int
    partners: int
    reasons: tuple[tuple[str, int], ...]
    statuses: tuple[StatusCount, ...]
    samples: tuple[SampleShown, ...]


@dataclass(frozen=True, slots=True)
class TrialShown:
    """What a draft would do to the partner base."""

    locations: int
    before: int
    after: int
    gains: SideShown
    losses: SideShown


def trial_shown(trial: Mapping[str, Any], now: dt.datetime) -> TrialShown:
    """The stored trial in the language of the page; two queries, whatever its size."""
    sampled = [one["location"] for side in ("gains", "losses") for one in trial[side]["samples"]]
    places = {str(place.pk): place for place in Location.objects.filter(pk__in=sampled).select_related("partner")}
    gains, losses = (_side(trial[name], places, now) for name in ("gains", "losses"))
    return TrialShown(trial["locations"], trial["before"], trial["after"], gains, losses)


def _side(side: Mapping[str, Any], places: Mapping[str, Location], now: dt.datetime) -> SideShown:
    return SideShown(
        side["locations"],
        side["partners"],
        tuple((title_of(one), one["locations"]) for one in side["reasons"]),
        tuple(StatusCount(one, str(label), side["statuses"][one]) for one, label in STATUS_CHOICES if side["statuses"].get(one)),
        tuple(
            SampleShown(places[one["location"]], groups_shown(one["because"], now))
            for one in side["samples"]
            if one["location"] in places
        ),
    )


@dataclass(frozen=True, slots=True)
class KnownNames:
    """Names that the membership system's feed and other programs use, offered while typing."""

    agreements: tuple[tuple[str, str], ...]
    designations: tuple[tuple[str, str], ...]
    levels: tuple[tuple[str, str], ...]


def known_names() -> KnownNames:
    """Three queries that read names alone."""
    agreements = {*Agreement.objects.order_by().values_list("agreement", flat=True).distinct()}
    held = set(Designation.objects.order_by().values_list("designation", "level").distinct())
    asked = set(RequirementItem.objects.values_list("agreement", "designation", "level"))
    return KnownNames(
        _readable(agreements | {agreement for agreement, _designation, _level in asked}),
        _readable({name for name, _level in held} | {name for _agreement, name, _level in asked}),
        _readable({level for _name, level in held} | {level for _agreement, _name, level in asked}),
    )


def _readable(names: set[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, readable(name)) for name in sorted(names) if name)
