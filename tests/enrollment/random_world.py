"""Random partners, locations, agreements, designations and programs, small enough that every rule meets every case."""

import datetime as dt
import random
import uuid
from dataclasses import dataclass

from accounts.models import Location, Partner
from enrollment.eligibility import Group, Item
from enrollment.models import Agreement, Designation, FiscalYearOffer, Program
from enrollment.requirements import replace
from incentives_portal.core.fiscal import FiscalYear

AGREEMENTS, DESIGNATIONS, LEVELS = ("cloud", "license"), ("work", "data"), ("gold", "silver")
COUNTRIES = ("SE", "DE", "US")


@dataclass(slots=True)
class World:
    """What chance made. Few values and days close to each other, so that they meet."""

    chance: random.Random
    today: dt.date
    programs: list[Program]
    partners: list[Partner]
    locations: list[Location]

    def day(self) -> dt.date:
        """A day near today or near the year's end."""
        around = self.chance.choice([self.today, FiscalYear.of(self.today).last_day])
        return around + dt.timedelta(days=self.chance.randint(-2, 2))

    def some_day(self) -> dt.date | None:
        return self.day() if self.chance.random() < 0.6 else None


def make_world(seed: int, today: dt.date, *, programs: int = 8, partners: int = 12, locations: int = 5) -> World:
    world = World(random.Random(seed), today, [], [], [])
    chance = world.chance
    world.partners = Partner.objects.bulk_create(
        Partner(pga_id=f"{seed}-{n}", legal_name=f"Partner {n}", country="SE", membership_migrated_on=world.some_day())
        for n in range(partners)
    )
    world.locations = Location.objects.bulk_create(
        Location(
            partner=partner,
            mpn_id=f"{seed}-{partner.pga_id}-{n}",
            name=f"Kontor {n}",
            city="Luleå",
            country=chance.choice(COUNTRIES),
            membership_active=chance.random() < 0.7,
        )
        for partner in world.partners
        for n in range(chance.randint(0, locations))
    )
    _sign_and_award(world)
    world.programs = [_program(world, seed, n) for n in range(programs)]
    return world


def _span(world: World) -> tuple[dt.date, dt.date | None]:
    first = world.day() - dt.timedelta(days=world.chance.randint(0, 2))
    last = world.some_day()
    return first, max(last, first) if last else None


def _sign_and_award(world: World) -> None:
    agreements, designations = [], []
    for place in world.chance.choices(world.locations, k=len(world.locations) * 2) if world.locations else []:
        first, last = _span(world)
        here = place if world.chance.random() < 0.5 else None
        agreements.append(
            Agreement(
                partner_id=place.partner_id,
                location=here,
                agreement=world.chance.choice(AGREEMENTS),
                signed_on=first,
                ends_on=last,
            )
        )
        first, last = _span(world)
        designations.append(
            Designation(
                partner_id=place.partner_id,
                location=place,
                designation=world.chance.choice(DESIGNATIONS),
                level=world.chance.choice(LEVELS),
                awarded_on=first,
                expires_on=last,
            )
        )
    Agreement.objects.bulk_create(agreements, ignore_conflicts=True)
    Designation.objects.bulk_create(designations, ignore_conflicts=True)


def _program(world: World, seed: int, number: int) -> Program:
    chance, year = world.chance, FiscalYear.of(world.today)
    program = Program.objects.create(
        code=f"P{seed}-{number}",
        name_en=f"Program {number}",
        name_sv=f"Program {number}",
        paying_entity=chance.choice(["Ireland", "Corporation"]),
        currencies=chance.choice([["SEK"], ["SEK", "EUR"]]),
        payment_methods=chance.choice([["bank_transfer"], ["credit_note", "bank_transfer"]]),
        level="pga" if chance.random() < 0.1 else "location",
        open_to_all=chance.random() < 0.2,
        discontinued_on=world.day() if chance.random() < 0.15 else None,
    )
    for ends_in in (year.ends_in, year.next.ends_in):
        if chance.random() < 0.85:
            opens, closes = sorted([world.day(), world.day()])
            FiscalYearOffer.objects.create(
                program=program,
                fiscal_year=ends_in,
                opens_on=opens if chance.random() < 0.3 else None,
                closes_on=closes if chance.random() < 0.3 else None,
            )
    replace(program, groups(world))
    return program


def groups(world: World) -> tuple[Group, ...]:
    """What a program asks for: nothing up to three groups of up to three items; now and then a group that nothing meets."""
    return tuple(Group("Asks", "Kräver", tuple(_items(world))) for _ in range(world.chance.choice([0, 0, 1, 1, 2, 3])))


def _items(world: World) -> list[Item]:
    chance = world.chance
    made = {
        "active_membership": lambda: Item("active_membership"),
        "membership_migrated": lambda: Item("membership_migrated"),
        "country": lambda: Item("country", countries=tuple(chance.sample(COUNTRIES, chance.randint(1, 2)))),
        "agreement": lambda: Item("agreement", agreement=chance.choice(AGREEMENTS)),
        "designation": lambda: Item(
            "designation",
            designation=chance.choice(DESIGNATIONS),
            level=chance.choice(LEVELS),
            held_by=chance.choice(["location", "any_location"]),
        ),
    }
    return [made[chance.choice(list(made))]() for _ in range(chance.choice([0, 1, 1, 1, 2, 2, 3]))]


def random_id(world: World) -> uuid.UUID:
    return uuid.UUID(int=world.chance.getrandbits(128))
