"""The rehearsal's year, stop by stop: what is done, what is counted, and what the counts must be."""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from accounts.models import Location, User
from enrollment import derivation
from enrollment.models import Enrollment, Invitation, RolloverPlan
from enrollment.services import rollover
from enrollment.services.evaluation import evaluate
from enrollment.services.invitations import invite_due
from enrollment.services.opening import open_year
from incentives_portal.core import clock
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.models import Mail
from profiles.services import validations

from . import answers, counting, partners
from .counting import Comparison, compare
from .programs import PLOTS, make_programs

Progress = Callable[..., AbstractContextManager[Callable[[int], None]]]
THIS_YEAR, NEXT_YEAR = len(PLOTS), sum(plot.years > 1 for plot in PLOTS)


@dataclass(slots=True)
class Stop:
    """One stop of the year: what was done, how long it took, and how the numbers compare."""

    name: str
    clock: str = ""
    seconds: float = 0
    did: dict[str, Any] = field(default_factory=dict)
    statuses: dict[str, dict[str, int]] = field(default_factory=dict)
    checking_seconds: float = 0
    compared: list[Comparison] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "clock": self.clock,
            "seconds": round(self.seconds, 2),
            "did": self.did,
            "statuses": self.statuses,
            "checking_seconds": round(self.checking_seconds, 2),
            "compared": [one.as_json() for one in self.compared],
        }


class Year:
    """A rehearsal under way. Every method is a stop, in the order of `rehearse`."""

    def __init__(self, *, locations: int, one_by_one: int, progress: Progress) -> None:
        self.locations, self.one_by_one, self.progress = locations, one_by_one, progress
        self.year = FiscalYear.of(clock.today())
        self.stops: list[Stop] = []
        self.people: dict[str, User] = {}
        self.plan: RolloverPlan | None = None

    def rehearse(self) -> list[Stop]:
        """Goes through the year and a little into the next."""
        self._go_to(self.year.first_day)
        for stop in (
            self.made_up,
            self.evaluated,
            self.opened,
            self.invited,
            self.answered,
            self.validated,
            self.overdue,
            self.mid_year,
            self.planned,
            self.year_over,
            self.applied,
            self.applied_again,
            self.next_year,
        ):
            stop()
        return self.stops

    def made_up(self) -> None:
        with self._stop("made up") as stop, self.progress("Making up partners", total=self.locations) as advance:
            make_programs(self.year)
            partners.make_partners(self.locations, advance=advance)
            self.people = partners.make_operators()
            stop.did = {"locations": Location.objects.count()}

    def evaluated(self) -> None:
        with self._stop("evaluated") as stop, self.progress("Evaluating"):
            self._evaluate(stop)

    def opened(self) -> None:
        with self._stop("opened") as stop, self.progress("Opening the year"):
            rows = open_year(fiscal_year=self.year, by=SYSTEM)
            stop.did = {"rows": rows}
            stop.compared = [Comparison("rows of the year", rows, self.locations * THIS_YEAR)]

    def invited(self) -> None:
        with self._stop("invited") as stop, self.progress("Inviting"):
            invited = invite_due(by=SYSTEM)
            stop.did = {"invited": invited}
            stop.compared = [
                Comparison("invited", invited, counting.eligible(clock.today(), {plot.code for plot in PLOTS})),
                Comparison("invited again", invite_due(by=SYSTEM), 0),
                self._invitation_mails(),
            ]

    def answered(self) -> None:
        invited = Invitation.objects.count()
        with self._stop("answered") as stop, self.progress("Answering", total=invited) as advance:
            did = stop.did = answers.answer_invitations(one_by_one=self.one_by_one, by=self._an_incentives_admin(), advance=advance)
            live = Enrollment.objects.filter(accepted_at__isnull=False).count()
            stop.compared = [
                Comparison("accepted", live, did["submitted"] + did["accepted"]),
                Comparison("answered or not", sum(did.values()) - did["one_by_one"], invited),
            ]

    def validated(self) -> None:
        with self._stop("validated") as stop, self.progress("Validating") as advance:
            stop.did = answers.check_what_waits(advance=advance)
            stop.compared = [self._enrolled()]

    def overdue(self) -> None:
        """Two days and an hour later what still waits is flagged, and then decided."""
        self._go_to(clock.today() + dt.timedelta(days=2), hour=22)
        with self._stop("overdue and reviewed") as stop:
            waiting = counting.ask("SELECT count(*) FROM profiles_validation WHERE decision = ''")
            flagged = validations.flag_overdue(by=SYSTEM)
            reviewed = answers.review(by=self.people["rita"], every=4)
            stop.did = {"flagged": flagged, **reviewed}
            stop.compared = [
                Comparison("flagged as overdue", flagged, waiting),
                Comparison("decided", sum(reviewed.values()), waiting),
                self._enrolled(),
            ]

    def mid_year(self) -> None:
        """Memberships lapse and others begin: this year's enrollments stay (rule ELI-3), new ones are invited."""
        self._go_to(dt.date(self.year.ends_in, 2, 1))
        with self._stop("mid-year") as stop:
            live = counting.ask(counting.COUNT_LIVE, year=self.year.ends_in)
            lapsed = Location.objects.filter(mpn_id__endswith="1").update(membership_active=False)
            begun = Location.objects.filter(mpn_id__endswith="7").update(membership_active=True)
            self._evaluate(stop)
            stop.did |= {"lapsed": lapsed, "begun": begun, "invited": invite_due(by=SYSTEM)}
            stop.compared += [
                compare("enrollments that stay", live, counting.COUNT_LIVE, year=self.year.ends_in),
                self._enrolled(),
                self._invitation_mails(),
            ]

    def planned(self) -> None:
        self._go_to(self.year.last_day - dt.timedelta(days=10))
        with self._stop("planned") as stop, self.progress("Planning"):
            self.plan = rollover.plan(fiscal_year=self.year, by=self.people["petra"])
            summary = rollover.summary(self.plan)
            self.plan = rollover.approve(plan=self.plan, by=self.people["pelle"])
            stop.did = summary
            wanted = counting.verdicts(self.year, self.year.next.first_day)
            stop.compared = [
                Comparison(f"verdicts: {name}", summary["verdicts"][name], expected) for name, expected in wanted.items()
            ]

    def year_over(self) -> None:
        """The night after the last day: nothing is enrolled any more until the plan is applied."""
        self._go_to(self.year.next.first_day)
        with self._stop("year over") as stop, self.progress("Deriving what time has changed"):
            stop.did = {"changed": derivation.rederive_due(by=SYSTEM)}
            live = "SELECT count(*) FROM enrollment_enrollment WHERE status NOT IN ('inactive', 'discontinued')"
            stop.compared = [Comparison("still live of a year that is over", counting.ask(live), 0)]

    def applied(self) -> None:
        assert self.plan
        wanted = counting.verdicts(self.year, self.year.next.first_day)
        with self._stop("applied") as stop, self.progress("Applying"):
            done = stop.did = rollover.apply(plan=self.plan, by=self.people["pelle"]).as_json()
            stop.compared = [
                Comparison("continued", done["continued"], wanted["continue"]),
                Comparison("held", done["held"], wanted["hold"]),
                Comparison("ended", done["ended"], wanted["end"]),
                compare("live in the ended year", 0, counting.COUNT_LIVE, year=self.year.ends_in),
                compare("carried over", done["continued"] + done["held"], counting.COUNT_LIVE, year=self.year.next.ends_in),
                Comparison("ranges not applied", self.plan.ranges.filter(applied_at=None).count(), 0),
            ]

    def applied_again(self) -> None:
        """Twice is the same as once (rule FIS-3)."""
        assert self.plan
        with self._stop("applied again") as stop:
            done = stop.did = rollover.apply(plan=self.plan, by=self.people["pelle"]).as_json()
            stop.compared = [Comparison("changed by applying again", sum(done.values()), 0)]

    def next_year(self) -> None:
        with self._stop("next year") as stop, self.progress("Inviting for the new year"):
            self._evaluate(stop)
            rows = open_year(fiscal_year=self.year.next, by=SYSTEM)
            stop.did |= {"rows": rows, "invited": invite_due(by=SYSTEM)}
            count = Enrollment.objects.filter(fiscal_year=self.year.next.ends_in).count()
            stop.compared += [
                Comparison("rows of the new year", count, self.locations * NEXT_YEAR),
                compare("with two live enrollments in a program", 0, TWICE_LIVE),
                self._invitation_mails(),
            ]

    @contextmanager
    def _stop(self, name: str) -> Iterator[Stop]:
        stop = Stop(name, clock=f"{clock.today()}")
        begun = time.monotonic()
        yield stop
        counting.take_stock()
        stop.seconds = time.monotonic() - begun
        begun = time.monotonic()
        today = FiscalYear.of(clock.today())
        stop.statuses = {
            str(year): counting.statuses(year) for year in (self.year, self.year.next) if year.ends_in <= today.ends_in
        }
        stop.compared.append(counting.stored_is_derived())
        stop.checking_seconds = time.monotonic() - begun
        self.stops.append(stop)

    def _go_to(self, day: dt.date, *, hour: int = 9) -> None:
        clock.move_to(clock.start_of(day) + dt.timedelta(hours=hour))

    def _evaluate(self, stop: Stop) -> None:
        counts = {code: count.as_json() for code, count in evaluate(by=SYSTEM).items()}
        stop.did |= {"evaluated": sum(count["evaluated"] for count in counts.values())}
        stop.compared = counting.eligible_by_program(clock.today(), {code: count["eligible"] for code, count in counts.items()})

    def _enrolled(self) -> Comparison:
        enrolled = Enrollment.objects.filter(fiscal_year=self.year.ends_in, status="enrolled").count()
        return compare("enrolled", enrolled, counting.COUNT_COMPLETE, year=self.year.ends_in)

    def _invitation_mails(self) -> Comparison:
        return compare("invitations owed by mail", Mail.objects.filter(kind="invitation").count(), counting.INVITATION_MAILS)

    def _an_incentives_admin(self) -> User:
        return User.objects.filter(email__startswith="incentives_admin@").order_by("email")[0]


TWICE_LIVE = """
SELECT count(*) FROM (
    SELECT FROM enrollment_enrollment WHERE invited_at IS NOT NULL AND declined_at IS NULL AND ended_at IS NULL
    GROUP BY program_id, location_id HAVING count(*) > 1
) AS twice
"""
