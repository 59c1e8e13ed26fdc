"""Test data, with traits for what the rules distinguish. All companies and people are made up."""

import datetime as dt
import itertools
from typing import Any

import factory
from factory.django import DjangoModelFactory

from accounts.models import Location, Membership, OperatorAssignment, Partner, RoleAssignment, RoleLocation, RoleRequest, User
from accounts.roles import PartnerRole
from enrollment.models import (
    Agreement,
    Designation,
    Enrollment,
    FiscalYearOffer,
    Program,
    RequirementGroup,
    RequirementItem,
)
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear

PASSWORD = "correct-horse-battery"
GOOD_IBANS = ("SE4550000000058398257466", "DE89370400440532013000", "GB29NWBK60161331926819", "FI2112345600000785")


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Person {n}")
    email = factory.Sequence(lambda n: f"person{n}@people.example")
    language = "en"

    @factory.post_generation
    def password(self: Any, create: bool, extracted: str | None, **kwargs: Any) -> None:
        self.set_password(extracted or PASSWORD)
        if create:
            self.save()


class PartnerFactory(DjangoModelFactory[Partner]):
    class Meta:
        model = Partner

    pga_id = factory.Sequence(lambda n: str(4_100_000 + n))
    legal_name = factory.Sequence(lambda n: f"Norrsken Data {n} AB")
    country = "SE"
    membership_migrated_on = dt.date(2020, 1, 1)


class LocationFactory(DjangoModelFactory[Location]):
    class Meta:
        model = Location

    partner = factory.SubFactory(PartnerFactory)
    mpn_id = factory.Sequence(lambda n: str(5_200_000 + n))
    name = factory.Sequence(lambda n: f"Kontor {n}")
    city = "Göteborg"
    country = "SE"
    membership_active = True


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    partner = factory.SubFactory(PartnerFactory)


class RoleRequestFactory(DjangoModelFactory[RoleRequest]):
    """An open request for the entire organization."""

    class Meta:
        model = RoleRequest

    membership = factory.SubFactory(MembershipFactory)
    partner = factory.SelfAttribute("membership.partner")
    role = PartnerRole.INCENTIVES_USER
    entire_organization = True


def give_role(user: User, partner: Partner, role: str, *locations: Location, **fields: Any) -> RoleAssignment:
    """A role in force; without locations, for the entire organization."""
    membership, _ = Membership.objects.get_or_create(user=user, partner=partner)
    assignment = RoleAssignment.objects.create(
        membership=membership, partner=partner, role=role, entire_organization=not locations, **fields
    )
    RoleLocation.objects.bulk_create(RoleLocation(assignment=assignment, location=place, partner=partner) for place in locations)
    return assignment


def person(name: str, partner: Partner, role: str, *locations: Location, **fields: Any) -> User:
    """A person of the cast with one role."""
    user = UserFactory.create(name=name, email=f"{name.split()[0].lower()}@{partner.pga_id}.example", **fields)
    give_role(user, partner, role, *locations)
    return user


def operator(name: str, role: str) -> User:
    user = UserFactory.create(name=name, email=f"{name.split()[0].lower()}@operator.example")
    OperatorAssignment.objects.create(user=user, role=role)
    return user


class ProgramFactory(DjangoModelFactory[Program]):
    """A program that is offered this year and the next, and asks for an active membership."""

    class Meta:
        model = Program
        skip_postgeneration_save = True

    class Params:
        open = factory.Trait(open_to_all=True)
        discontinued = factory.Trait(discontinued_on=dt.date(2020, 6, 30))

    code = factory.Sequence(lambda n: f"PROG{n}")
    name_en = factory.Sequence(lambda n: f"Cloud program {n}")
    name_sv = factory.Sequence(lambda n: f"Molnprogram {n}")
    paying_entity = "Northwind Ireland Operations Ltd"
    currencies = ["SEK", "EUR"]
    payment_methods = ["bank_transfer"]

    @factory.post_generation
    def years(self: Any, create: bool, extracted: list[int] | None, **kwargs: Any) -> None:
        current = FiscalYear.of(clock.today()).ends_in
        for year in extracted if extracted is not None else (current, current + 1):
            FiscalYearOffer.objects.create(program=self, fiscal_year=year)

    @factory.post_generation
    def asks(self: Any, create: bool, extracted: list[list[dict[str, Any]]] | None, **kwargs: Any) -> None:
        if self.open_to_all:
            return
        for position, items in enumerate(extracted or [[{"kind": "active_membership"}]]):
            group = RequirementGroup.objects.create(program=self, position=position, title_en="Requirement", title_sv="Krav")
            for item_position, item in enumerate(items):
                RequirementItem.objects.create(group=group, position=item_position, **item)


class AgreementFactory(DjangoModelFactory[Agreement]):
    class Meta:
        model = Agreement

    partner = factory.SubFactory(PartnerFactory)
    agreement = "cloud-reseller-agreement"
    signed_on = dt.date(2020, 1, 1)


class DesignationFactory(DjangoModelFactory[Designation]):
    class Meta:
        model = Designation

    location = factory.SubFactory(LocationFactory)
    partner = factory.SelfAttribute("location.partner")
    designation = "modern-work"
    level = "solutions-partner"
    awarded_on = dt.date(2020, 1, 1)


class EnrollmentFactory(DjangoModelFactory[Enrollment]):
    """The bare row of a location and a program; bring it further with the services."""

    class Meta:
        model = Enrollment

    location = factory.SubFactory(LocationFactory)
    partner = factory.SelfAttribute("location.partner")
    program = factory.SubFactory(ProgramFactory)
    fiscal_year = factory.LazyFunction(lambda: FiscalYear.of(clock.today()).ends_in)


GLOBAL_ADMIN, ACCOUNT_ADMIN = PartnerRole.GLOBAL_ADMIN, PartnerRole.ACCOUNT_ADMIN
INCENTIVES_ADMIN, INCENTIVES_USER = PartnerRole.INCENTIVES_ADMIN, PartnerRole.INCENTIVES_USER
ibans = itertools.cycle(GOOD_IBANS)
