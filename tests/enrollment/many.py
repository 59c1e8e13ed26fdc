"""A partner with many locations, each invited and, unless said otherwise, with all that enrolling it takes."""

import uuid
from dataclasses import dataclass

from accounts.actor import actor_for
from accounts.models import Location, Partner, User
from enrollment.bulk import Choice
from enrollment.derivation import rederive
from enrollment.models import BulkEnrollment, Enrollment, Program
from enrollment.queries.bulk import Selection, preview
from enrollment.services import bulk, invitations
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear
from profiles.models import PayoutProfile
from profiles.services import defaults
from tests import factories as make
from tests.enrollment import stages


@dataclass
class Network:
    """Many locations of one partner and their invitations to one program."""

    program: Program
    places: list[Location]
    rows: list[Enrollment]
    payout: PayoutProfile


def network(partner: Partner, by: User, count: int, *, with_defaults: bool = True) -> Network:
    places = make.LocationFactory.create_batch(count, partner=partner)
    program = make.ProgramFactory.create(open=True)
    rows = invited(program, places)
    for place in places:
        stages.tax(place, by)
    payout = stages.payout(places[0], by, f"Account of {program.code}")
    if with_defaults:
        defaults.set_default(locations=places, payout_profile=payout, currency="SEK", by=by)
    return Network(program, places, rows, payout)


def invited(program: Program, places: list[Location]) -> list[Enrollment]:
    """The invitations of all places to a program that is open to all."""
    year = FiscalYear.of(clock.today()).ends_in
    rows = Enrollment.objects.bulk_create(
        Enrollment(partner_id=place.partner_id, location=place, program=program, fiscal_year=year) for place in places
    )
    rederive([row.pk for row in rows], cause="evaluated")
    invitations.invite_due()
    return list(Enrollment.objects.filter(pk__in=[row.pk for row in rows]).order_by("location__mpn_id"))


def started(by: User, partner: Partner, rows: list[Enrollment], choice: Choice | None = None) -> BulkEnrollment:
    """The job that `by` starts after a preview of `rows`."""
    choice = choice or Choice()
    seen = preview(actor_for(by), Selection(ids=tuple(str(row.pk) for row in rows)), choice)
    wanted = [bulk.Wanted(one.row, one.verdict) for one in seen.ready]
    return bulk.start(partner=partner, key=uuid.uuid4(), choice=choice, wanted=wanted, by=by)
