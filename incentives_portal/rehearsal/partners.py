"""Made-up partners with locations, people, agreements, designations, payout and tax profiles: in bulk, the same every time."""

import datetime as dt
import json
from collections.abc import Callable, Iterable
from itertools import cycle, islice

from django.db import connection, models
from stdnum import luhn

from accounts.models import Location, Membership, OperatorAssignment, Partner, RoleAssignment, User
from accounts.roles import OperatorRole, PartnerRole
from enrollment.models import Agreement, Designation
from profiles import fingerprints
from profiles.models import PayoutProfile, PayoutProfileVersion, TaxProfile, TaxProfileVersion

from .programs import AGREEMENT, DESIGNATION, LEVEL

# Locations of a partner, in turn: most are small, and a few are not.
SIZES = (1, 1, 2, 3, 5, 8, 20, 40)
COUNTRIES = ("SE", "DE", "FI")
LONG_AGO = dt.date(2020, 1, 1)
CHUNK = 5000
NO_PASSWORD = "!"  # noqa: S105  # nobody signs in here


def make_partners(locations: int, *, advance: Callable[[int], None]) -> None:
    """Writes partners with so many locations together, and what belongs to them."""
    made = 0
    number = 0
    sizes = cycle(SIZES)
    while made < locations:
        partners: list[Partner] = []
        owned: list[Location] = []
        while made < locations and len(owned) < CHUNK:
            number += 1
            partner = _partner(number)
            places = [_location(partner, made + n) for n in range(1, min(next(sizes), locations - made) + 1)]
            partners.append(partner)
            owned += places
            made += len(places)
        _write(partners, owned, first=number - len(partners) + 1)
        advance(len(owned))
    _point_at_latest()


def make_operators() -> dict[str, User]:
    """The operator's people: one who plans, one who approves, one who reviews."""
    people = {}
    for name, role in (
        ("petra", OperatorRole.PROGRAM_MANAGER),
        ("pelle", OperatorRole.PROGRAM_MANAGER),
        ("rita", OperatorRole.REVIEWER),
    ):
        people[name] = User.objects.create(email=f"{name}@operator.example", name=name.title(), password=NO_PASSWORD)
        OperatorAssignment.objects.create(user=people[name], role=role)
    return people


def _partner(number: int) -> Partner:
    return Partner(
        pga_id=str(1_000_000 + number),
        legal_name=f"Rehearsal {number} AB",
        country="SE",
        membership_migrated_on=LONG_AGO if number % 2 else None,
    )


def _location(partner: Partner, number: int) -> Location:
    return Location(
        partner=partner,
        mpn_id=str(10_000_000 + number),
        name=f"Office {number}",
        city="Göteborg",
        country=COUNTRIES[number % 3],
        membership_active=number % 5 < 2,
    )


def number_of(location: Location) -> int:
    """The running number that everything about a location follows from."""
    return int(location.mpn_id) - 10_000_000


def _write(partners: list[Partner], locations: list[Location], *, first: int) -> None:
    _create(Partner, partners)
    _create(Location, locations)
    _write_people(partners)
    _create(
        Agreement,
        [Agreement(partner=one, agreement=AGREEMENT, signed_on=LONG_AGO) for n, one in enumerate(partners, first) if n % 5 == 0],
    )
    _create(
        Agreement,
        [
            Agreement(partner_id=one.partner_id, location=one, agreement=AGREEMENT, signed_on=LONG_AGO)
            for one in locations
            if number_of(one) % 20 == 7
        ],
    )
    _create(
        Designation,
        [
            Designation(partner_id=one.partner_id, location=one, designation=DESIGNATION, level=LEVEL, awarded_on=LONG_AGO)
            for one in locations
            if number_of(one) % 25 == 3
        ],
    )
    _write_payouts(partners, first)
    _write_taxes([one for one in locations if number_of(one) % 10])


def _write_people(partners: list[Partner]) -> None:
    """Two people a partner: a global admin and an incentives admin of the whole of it, every other of whom reads Swedish."""
    roles: list[RoleAssignment] = []
    users, memberships = [], []
    for number, partner in enumerate(partners):
        for role in (PartnerRole.GLOBAL_ADMIN, PartnerRole.INCENTIVES_ADMIN):
            user = User(email=f"{role}@{partner.pga_id}.example", name=str(role.label), language=("en", "sv")[number % 2])
            user.password = NO_PASSWORD
            membership = Membership(user=user, partner=partner)
            users.append(user)
            memberships.append(membership)
            roles.append(RoleAssignment(membership=membership, partner=partner, role=role, entire_organization=True))
    _create(User, users)
    _create(Membership, memberships)
    _create(RoleAssignment, roles)


def _write_payouts(partners: list[Partner], first: int) -> None:
    """One account a partner. Every seventh is the account of the partner before it, which a reviewer looks at (rule VAL-6)."""
    profiles = [PayoutProfile(partner=partner, name="Main account") for partner in partners]
    versions = []
    for number, profile in enumerate(profiles, first):
        numbers = {"iban": _iban(number - 1 if number % 7 == 0 else number)}
        versions.append(
            PayoutProfileVersion(
                profile=profile,
                number=1,
                payment_method="bank_transfer",
                bank_country="SE",
                account_holder=profile.partner.legal_name,
                identifiers=json.dumps(numbers),
                shown={"iban": "••••"},
                fingerprint=fingerprints.of_payout(numbers, country="SE")[0],
            )
        )
    _create(PayoutProfile, profiles)
    _create(PayoutProfileVersion, versions)


def _write_taxes(locations: list[Location]) -> None:
    profiles = [TaxProfile(partner_id=one.partner_id, location=one, name="Tax") for one in locations]
    versions = []
    for profile in profiles:
        numbers = {"orgnr": _orgnr(number_of(profile.location))}
        versions.append(
            TaxProfileVersion(
                profile=profile,
                number=1,
                legal_name=profile.location.partner.legal_name,
                street="Storgatan 1",
                postal_code="411 01",
                city="Göteborg",
                country="SE",
                classification="company",
                form_kind="local",
                identifiers=json.dumps(numbers),
                shown={"orgnr": "••••"},
                fingerprint=fingerprints.of_tax(numbers, country="SE")[0],
            )
        )
    _create(TaxProfile, profiles)
    _create(TaxProfileVersion, versions)


def _point_at_latest() -> None:
    with connection.cursor() as cursor:
        for table in ("profiles_payoutprofile", "profiles_taxprofile"):
            cursor.execute(f"UPDATE {table} p SET latest_id = v.id FROM {table}version v WHERE v.profile_id = p.id")  # noqa: S608


def _create(model: type[models.Model], rows: Iterable[models.Model]) -> None:
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        model._base_manager.bulk_create(chunk)


def _iban(number: int) -> str:
    account = f"500{number:017d}"
    return f"SE{98 - int(account + '281400') % 97:02d}{account}"


def _orgnr(number: int) -> str:
    # Ten digits; the third is 2 or more for a company.
    base = f"{550_000_000 + number:09d}"
    return str(base + luhn.calc_check_digit(base))
