"""The small world of the first walk: Ines' two locations, each invited to a program."""

import uuid
from dataclasses import dataclass

from accounts.models import Location, Partner, User
from enrollment.models import Enrollment
from enrollment.services import enrolling, invitations
from enrollment.services.evaluation import evaluate
from enrollment.services.opening import open_year
from incentives_portal.core import clock
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.fiscal import FiscalYear
from profiles.services import defaults
from tests import factories as make
from tests.enrollment import stages

SECOND_IBAN = "SE3550000000054910000003"
FOREIGN_HOLDER = "Glimmerfonden"


@dataclass(frozen=True, slots=True)
class World:
    """Who and what the walk is about."""

    partner: Partner
    first: Location
    second: Location
    invitation: Enrollment
    doubtful: Enrollment
    ines: User
    rita: User

    @property
    def program(self) -> str:
        """The program's name as Ines reads it."""
        program = self.invitation.program
        return program.name_sv if self.ines.language == "sv" else program.name_en


def build(language: str = "en") -> World:
    """Ines' first location is invited and has a default bank profile; her second one is submitted with somebody else's
    account, which no automatic check lets pass."""
    partner = make.PartnerFactory.create(legal_name="Norrsken Data AB")
    first = make.LocationFactory.create(partner=partner, name="Norrsken Göteborg")
    second = make.LocationFactory.create(partner=partner, name="Norrsken Umeå", city="Umeå")
    ines = make.person("Ines Duarte", partner, make.INCENTIVES_ADMIN, first, second, language=language)
    # The mail server is shared by all tests that run now: an address of her own.
    ines.email = f"ines.{uuid.uuid4().hex[:10]}@norrsken.example"
    ines.save()
    rita = make.operator("Rita Sand", "reviewer")
    rita.language = language
    rita.save()
    program = make.ProgramFactory.create(name_en="Cloud Reselling", name_sv="Molnförsäljning")
    evaluate(by=SYSTEM)
    open_year(fiscal_year=FiscalYear.of(clock.today()), by=SYSTEM)
    invitations.invite_due(by=SYSTEM)
    rows = {row.location_id: row for row in Enrollment.objects.filter(program=program)}
    _set_up(first, ines)
    return World(partner, first, second, rows[first.pk], _submit_doubtful(rows[second.pk], second, ines), ines, rita)


def _set_up(location: Location, by: User) -> None:
    account = stages.payout(location, by, "Main account")
    defaults.set_default(locations=[location], payout_profile=account, currency="SEK", by=by)
    stages.tax(location, by, "Göteborg")


def _submit_doubtful(row: Enrollment, location: Location, by: User) -> Enrollment:
    account = stages.payout(
        location, by, "Collection account", account_holder=FOREIGN_HOLDER, identifiers={"iban": SECOND_IBAN}
    )
    enrolling.accept(enrollment_id=row.pk, by=by)
    tax = stages.tax(location, by, "Umeå")
    enrolling.choose(enrollment_id=row.pk, payout_profile=account, tax_profile=tax, currency="SEK", by=by)
    return enrolling.submit(enrollment_id=row.pk, by=by)
