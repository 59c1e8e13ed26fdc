"""The demonstration's past: what happened at the made-up partners before the visitor came.

Everything is done by the portal's own services under a moved clock, so that timelines, mails and audit tell a true story.
"""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from accounts.models import Location, OperatorAssignment, User
from accounts.roles import OperatorRole
from enrollment.derivation import settle
from enrollment.models import EndReason, Enrollment, Notice, Program
from enrollment.services import enrolling, invitations, notices
from enrollment.services.evaluation import evaluate
from enrollment.services.opening import open_year
from incentives_portal.core import clock
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.fiscal import FiscalYear
from profiles.models import PayoutProfile, TaxProfile, Validation
from profiles.services import defaults, payouts, taxes, validations

OPERATORS = (
    ("rita@operator.example", "Rita Sand", OperatorRole.REVIEWER),
    ("roland@operator.example", "Roland Ek", OperatorRole.REVIEWER),
    ("petra@operator.example", "Petra Wall", OperatorRole.PROGRAM_MANAGER),
    ("pelle@operator.example", "Pelle Ask", OperatorRole.PROGRAM_MANAGER),
)
# Published examples, the accounts of nobody.
IBANS = {
    "SE": "SE4550000000058398257466",
    "DE": "DE89370400440532013000",
    "NO": "NO9386011117947",
    "DK": "DK5000400440116243",
    "FI": "FI2112345600000785",
    "GB": "GB29NWBK60161331926819",
}
TAX_NUMBERS = {"SE": {"orgnr": "556056-6258"}, "US": {"ein": "91-1144442"}}


@transaction.atomic
def play() -> None:
    """Plays the whole story once. All of it, or nothing."""
    ago, now = dt.timedelta, clock.now()
    for email, name, role in OPERATORS:
        user = User.objects.create_user(email, name=name)
        OperatorAssignment.objects.create(user=user, role=role)
    User.objects.create_superuser("root@operator.example", name="Root")
    _last_year()
    with clock.moved_to(now - ago(days=6)):
        open_year(fiscal_year=FiscalYear.of(clock.today()), by=SYSTEM)
        evaluate(by=SYSTEM)
        invitations.invite_due(by=SYSTEM)
    with clock.moved_to(now - ago(days=5)):
        _ines_sets_up()
        _mei_enrolls_half()
    with clock.moved_to(now - ago(days=4)):
        _rita_approves_everything()
    with clock.moved_to(now - ago(days=3)):
        _ines_reads_what_is_done()
    with clock.moved_to(now - ago(hours=20)):
        _ines_submits_with_a_wrong_name()


def _ines_sets_up() -> None:
    """Ines' first locations have their default bank profile and a tax profile; her last one is enrolled in everything.

    One in between is accepted and left alone, so that *Action required* and *Enrolling* can be seen whatever is mended.
    """
    ines = User.objects.get(email="ines@fjallglim.example")
    first, second, third, last = _locations_of(ines)
    account = _payout(ines, first, "Main account", first.partner.legal_name)
    defaults.set_default(locations=[first, second], payout_profile=account, currency="SEK", by=ines)
    _tax(ines, first)
    other = _payout(ines, last, "Branch account", last.partner.legal_name, iban="SE3550000000054910000003")
    _enroll(ines, last, other, _tax(ines, last), programs=3)
    for row in _invited(third):
        enrolling.accept(enrollment_id=row.pk, by=ines)


def _ines_submits_with_a_wrong_name() -> None:
    """Ines' second location waits for a reviewer: the account's holder is not the partner."""
    ines = User.objects.get(email="ines@fjallglim.example")
    second = _locations_of(ines)[1]
    account = _payout(ines, second, "Collection account", "Glimmerfonden", iban="SE7280000810340009783242")
    _enroll(ines, second, account, _tax(ines, second), programs=1)


def _mei_enrolls_half() -> None:
    """Every other location of the large partner is enrolled in its first program; a few invitations are declined."""
    mei = User.objects.get(email="mei@baysidecompute.example")
    locations = _locations_of(mei)
    account = _payout(mei, locations[0], "Treasury", locations[0].partner.legal_name)
    for number, location in enumerate(locations):
        if number % 4 == 0:
            _enroll(mei, location, account, _tax(mei, location), programs=2)
        elif number % 4 == 1:
            for row in _invited(location)[:1]:
                enrolling.accept(enrollment_id=row.pk, by=mei)
        elif number % 8 == 2:
            for row in _invited(location)[:1]:
                enrolling.decline(enrollment_id=row.pk, by=mei)


def _rita_approves_everything() -> None:
    rita = User.objects.get(email="rita@operator.example")
    for validation in Validation.objects.filter(decision=""):
        validations.approve(validation=validation, by=rita)


def _ines_reads_what_is_done() -> None:
    """So that her home page starts with the invitations that she has not answered."""
    ines = User.objects.get(email="ines@fjallglim.example")
    for notice in Notice.objects.filter(user=ines).exclude(enrollment__status="invited"):
        notices.open_notice(notice_id=notice.pk, by=ines)


def _last_year() -> None:
    """What remains of the year before: an enrollment of a discontinued program, and one of a whole partner."""
    year = FiscalYear.of(clock.today()).previous
    ines = User.objects.get(email="ines@fjallglim.example")
    location = _locations_of(ines)[0]
    started, ended = clock.start_of(year.first_day), clock.start_of(year.next.first_day)
    rows = [
        Enrollment(
            partner=location.partner,
            location=location if program.level == Program.Level.LOCATION else None,
            program=program,
            fiscal_year=year.ends_in,
            invited_at=started,
            accepted_at=started,
            ended_at=ended,
            end_reason=EndReason.NOT_OFFERED if program.level == Program.Level.LOCATION else EndReason.PGA_HISTORY,
        )
        for program in Program.objects.filter(discontinued_on__lt=clock.today())
    ]
    Enrollment.objects.bulk_create(rows)
    settle(rows, cause="year_ended", by=SYSTEM)


def _locations_of(user: User) -> Sequence[Location]:
    assignment = user.memberships.get().roles.get(role="incentives_admin", ended_at=None)
    places = assignment.partner.locations if assignment.entire_organization else assignment.locations
    return list(places.select_related("partner").order_by("mpn_id"))


def _invited(location: Location) -> Sequence[Enrollment]:
    return list(Enrollment.objects.filter(location=location, status="invited").order_by("program__open_to_all", "program__code"))


def _payout(by: User, location: Location, name: str, holder: str, iban: str = "") -> PayoutProfile:
    country = str(location.partner.country)
    identifiers = (
        {"routing": "021000021", "account": "000123456789", "bic": "CHASUS33"}
        if country == "US"
        else {"iban": iban or IBANS.get(country, IBANS["SE"])}
    )
    return payouts.create(
        partner=location.partner,
        name=name,
        payment_method="bank_transfer",
        bank_country=country if country in {"US", *IBANS} else "SE",
        account_holder=holder,
        identifiers=identifiers,
        by=by,
    )


def _tax(by: User, location: Location) -> TaxProfile:
    partner = location.partner
    residence = taxes.Residence(
        legal_name=partner.legal_name,
        street="Storgatan 1" if partner.country == "SE" else "1 Main Street",
        postal_code="411 01" if partner.country == "SE" else "94103",
        city=location.city,
        country=str(partner.country),
        classification="company",
    )
    numbers = TAX_NUMBERS.get(str(partner.country), TAX_NUMBERS["SE"])
    return taxes.create(location=location, name=location.city, residence=residence, identifiers=numbers, by=by)


def _enroll(by: User, location: Location, payout: PayoutProfile, tax: TaxProfile, *, programs: int) -> None:
    for row in _invited(location)[-programs:]:
        enrolling.accept(enrollment_id=row.pk, by=by)
        currency = "SEK" if "SEK" in row.program.currencies else row.program.currencies[0]
        enrolling.choose(enrollment_id=row.pk, payout_profile=payout, tax_profile=tax, currency=currency, by=by)
        enrolling.submit(enrollment_id=row.pk, by=by)
