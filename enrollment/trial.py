"""What other requirements would do to the real partner base, before anybody is subject to them (rule ELI-1).

Nothing is stored here. Both rules are asked about the same facts on the same day, so what differs is the rule's doing alone.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Count

from accounts.models import Location
from enrollment.eligibility import Decision, Group, evaluate
from enrollment.eligibility_facts import facts_of
from enrollment.models import Enrollment, Program
from incentives_portal.core.fiscal import FiscalYear

BATCH = 2000
SAMPLES = 10


@dataclass(slots=True)
class Side:
    """The locations that gain eligibility, or those that lose it: how many, whose, why, where they stand, and a few of them."""

    locations: int = 0
    partners: int = 0
    reasons: Counter[int] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    samples: list[dict[str, Any]] = field(default_factory=list)
    _last_partner: UUID | None = None

    def add(self, location: Location, decision: Decision) -> None:
        """Counts a location; `decision` is the one that is not met, and its unmet groups are the reason."""
        self.locations += 1
        # Locations come partner by partner.
        self.partners += location.partner_id != self._last_partner
        self._last_partner = location.partner_id
        unmet = [number for number, group in enumerate(decision.groups) if not group.met]
        self.reasons.update(unmet)
        if len(self.samples) < SAMPLES:
            because = [asdict(decision.groups[number]) for number in unmet]
            self.samples.append({"location": str(location.pk), "because": because})

    def as_json(self, groups: Sequence[Group]) -> dict[str, Any]:
        """As a draft keeps it; reasons by the titles of `groups`, the most frequent first."""
        return {
            "locations": self.locations,
            "partners": self.partners,
            "reasons": [
                {"title_en": groups[number].title_en, "title_sv": groups[number].title_sv, "locations": count}
                for number, count in self.reasons.most_common()
            ],
            "statuses": dict(self.statuses),
            "samples": self.samples,
        }


@dataclass(slots=True)
class Trial:
    """Every location under the requirements in force and under others."""

    locations: int = 0
    before: int = 0
    after: int = 0
    gains: Side = field(default_factory=Side)
    losses: Side = field(default_factory=Side)

    def as_json(self, published: Sequence[Group], tried: Sequence[Group]) -> dict[str, Any]:
        return {
            "locations": self.locations,
            "before": self.before,
            "after": self.after,
            "gains": self.gains.as_json(published),
            "losses": self.losses.as_json(tried),
        }


def try_out(program: Program, published: Sequence[Group], tried: Sequence[Group], day: dt.date) -> Trial:
    """Evaluates every location under both, and counts what would change, why, and what becomes of this year's enrollments."""
    trial = Trial()
    for locations in _batches():
        facts, moved = facts_of(locations), {True: [], False: []}  # type: dict[UUID, Any], dict[bool, list[UUID]]
        for location in locations:
            old, new = (evaluate(groups, facts[location.pk], day) for groups in (published, tried))
            trial.locations += 1
            trial.before += old.eligible
            trial.after += new.eligible
            if old.eligible != new.eligible:
                moved[new.eligible].append(location.pk)
                (trial.gains if new.eligible else trial.losses).add(location, old if new.eligible else new)
        trial.gains.statuses.update(_statuses(program, moved[True], day))
        trial.losses.statuses.update(_statuses(program, moved[False], day))
    return trial


def _batches() -> Iterator[list[Location]]:
    """All locations, partner by partner, so that a partner's facts are read once or twice."""
    places = Location.objects.select_related("partner").order_by("partner_id", "pk")
    found: list[Location] = []
    for location in places.iterator(chunk_size=BATCH):
        found.append(location)
        if len(found) == BATCH:
            yield found
            found = []
    if found:
        yield found


def _statuses(program: Program, location_ids: Sequence[UUID], day: dt.date) -> dict[str, int]:
    """This year's enrollments of these locations in the program, by status."""
    if not location_ids:
        return {}
    rows = Enrollment.objects.filter(program=program, location__in=location_ids, fiscal_year=FiscalYear.of(day).ends_in)
    return dict(rows.values_list("status").annotate(Count("pk")))
