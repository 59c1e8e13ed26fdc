"""Four answers to *may they?* agree on 100,000 random cases (rules ACC-1, ACC-3, ACC-8): the question `can()`, the filters
that the pages use, Django admin's lists, and a table written here by hand from the product's rules.

The table imports nothing of the policy's: no permission sets, no grants, no notion of a role in force.
"""

import datetime as dt
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.test import RequestFactory

from accounts.actor import Actor, actor_for
from accounts.models import Location, Membership, OperatorAssignment, Partner, RoleAssignment, User
from accounts.policy import Scope, can, within
from accounts.roles import Permission
from enrollment.models import Enrollment, Program
from enrollment.policy import enrollable_by, visible_to
from incentives_portal.core import clock
from profiles.models import PayoutProfile, TaxProfile
from profiles.policy import locations_editable_by, payouts_visible_to, taxes_visible_to
from tests import factories as make

pytestmark = pytest.mark.django_db
SEED, ENOUGH = 20261121, 100_000

# Who may what, by hand. G: global admin, A: account admin, I: incentives admin, U: incentives user; R and P are the operator's.
LETTERS = {
    "global_admin": "G",
    "account_admin": "A",
    "incentives_admin": "I",
    "incentives_user": "U",
    "reviewer": "R",
    "program_manager": "P",
}
TABLE = {
    "see_enrollments": "GAIURP",
    "enroll": "I",
    "see_profiles": "I",
    "edit_profiles": "I",
    "see_people": "GA",
    "assign_incentives_roles": "GA",
    "assign_admin_roles": "G",
    "configure_sign_in": "G",
    "see_audit": "GA",
    "review": "R",
    "manage_programs": "P",
    "see_operations": "RP",
}


@dataclass(frozen=True)
class Held:
    """A role as it was drawn, before the portal saw it."""

    letter: str
    partner: Any
    locations: frozenset[Any] | None
    programs: frozenset[str]
    counts: bool


@dataclass(frozen=True)
class Thing:
    """A row, and where it stands."""

    pk: Any
    partner: Any
    location: Any = None
    program: str | None = None


@dataclass
class World:
    """Everything that was drawn."""

    partners: list[Partner]
    places: dict[Any, list[Location]]
    programs: list[Program]
    people: list[tuple[User, Partner | None]] = field(default_factory=list)
    held: dict[Any, list[Held]] = field(default_factory=dict)


def by_hand(world: World, user: User, partner: Partner | None, permission: str, thing: Thing) -> bool:
    """The table's answer."""
    for role in world.held.get(user.pk, []):
        if not role.counts or role.letter not in TABLE[permission]:
            continue
        if role.letter in "RP":
            if partner is None:
                return True
            continue
        if partner is None or role.partner != partner.pk or thing.partner != partner.pk:
            continue
        placed = role.locations is None or thing.location is None or thing.location in role.locations
        if placed and (not role.programs or thing.program is None or thing.program in role.programs):
            return True
    return False


def build(dice: random.Random) -> World:
    partners = make.PartnerFactory.create_batch(3)
    places = {partner.pk: make.LocationFactory.create_batch(6, partner=partner) for partner in partners}
    programs = [make.ProgramFactory.create(code=code) for code in ("ONE", "TWO", "SIX")]
    world = World(partners, places, programs)
    for places_of in places.values():
        for place in places_of:
            for program in programs:
                make.EnrollmentFactory.create(location=place, program=program)
            TaxProfile.objects.create(partner=place.partner, location=place, name="Tax")
    for partner in partners:
        PayoutProfile.objects.create(partner=partner, name="Main")
    for number in range(270):
        _person(world, dice, number)
    for role in ("reviewer", "program_manager", "reviewer", "program_manager"):
        user = make.operator(f"Op{len(world.people)} Erator", role)
        world.people.append((user, None))
        world.held[user.pk] = [Held(LETTERS[role], None, None, frozenset(), True)]
    return world


def _person(world: World, dice: random.Random, number: int) -> None:
    user = User.objects.create(email=f"p{number}@x.example", name=f"P{number}", is_active=dice.random() > 0.05)
    partner = world.partners[number % 3]
    homes = [partner, *([dice.choice(world.partners)] if dice.random() < 0.2 else [])]
    for home in {home.pk: home for home in homes}.values():
        suspended = clock.now() if dice.random() < 0.1 else None
        member = Membership.objects.create(user=user, partner=home, suspended_at=suspended)
        for role in dice.sample(
            ["global_admin", "account_admin", "incentives_admin", "incentives_user"], dice.choice([0, 1, 1, 2])
        ):
            world.held.setdefault(user.pk, []).append(_role(world, dice, member, role))
    world.people.append((user, partner))


def _role(world: World, dice: random.Random, member: Membership, role: str) -> Held:
    """One role: in force, in its last day, expired, or ended; for all of the partner, or for what it lists."""
    expires_in = dice.choice([None, None, None, 0, 9, -1])
    ended = dice.random() < 0.15
    places, programs = None, frozenset[str]()
    if role.startswith("incentives_"):
        if dice.random() < 0.7:
            places = dice.sample(world.places[member.partner_id], dice.randint(1, 4))
        programs = frozenset(dice.sample(["ONE", "TWO", "SIX"], dice.choice([0, 0, 1, 2])))
    make.give_role(
        member.user,
        member.partner,
        role,
        *(places or ()),
        program_codes=sorted(programs),
        expires_on=None if expires_in is None else clock.today() + dt.timedelta(days=expires_in),
        ended_at=clock.now() if ended else None,
    )
    lasting = expires_in is None or expires_in >= 0
    counts = lasting and not ended and member.suspended_at is None and member.user.is_active
    reach = None if places is None else frozenset(place.pk for place in places)
    return Held(LETTERS[role], member.partner_id, reach, programs, counts)


Filter = Callable[[Actor, Permission], QuerySet[Any]]


def _narrowed(model: type[Model], **columns: str) -> Filter:
    def rows(actor: Actor, permission: Permission) -> QuerySet[Any]:
        return model._default_manager.filter(within(actor, permission, **columns))

    return rows


def _kinds() -> Iterator[tuple[str, list[Thing], Filter, list[str]]]:
    """Each kind of thing, its rows, the filter over it, and the permissions that are asked about it."""
    rows = Enrollment.objects.values_list("pk", "partner_id", "location_id", "program__code")
    enrollments = [Thing(*row) for row in rows]
    by_place = {"location": "location_id", "program": "program__code"}
    yield "enrollment", enrollments, _narrowed(Enrollment, **by_place), list(TABLE)
    yield "seen enrollment", enrollments, lambda actor, _permission: visible_to(actor), ["see_enrollments"]
    yield "enrollable", enrollments, lambda actor, _p: Enrollment.objects.filter(enrollable_by(actor)), ["enroll"]
    places = [Thing(pk, partner, pk) for pk, partner in Location.objects.values_list("pk", "partner_id")]
    yield "location", places, _narrowed(Location, location="pk"), list(TABLE)
    yield "edited location", places, lambda actor, _permission: locations_editable_by(actor), ["edit_profiles"]
    taxes = [Thing(*row) for row in TaxProfile.objects.values_list("pk", "partner_id", "location_id")]
    yield "tax profile", taxes, _narrowed(TaxProfile, location="location_id"), list(TABLE)
    yield "seen tax profile", taxes, lambda actor, _permission: taxes_visible_to(actor), ["see_profiles"]
    payouts = [Thing(*row) for row in PayoutProfile.objects.values_list("pk", "partner_id")]
    yield "payout profile", payouts, lambda actor, _permission: payouts_visible_to(actor), ["see_profiles"]
    members = [Thing(*row) for row in Membership.objects.values_list("pk", "partner_id")]
    yield "member", members, _narrowed(Membership), ["see_people", "assign_incentives_roles", "assign_admin_roles"]


@pytest.mark.rule("ACC-1")
@pytest.mark.rule("ACC-8")
def test_question_filters_and_table_agree() -> None:
    world = build(random.Random(SEED))
    asked, found = 0, []
    kinds = list(_kinds())
    for user, partner in world.people:
        actor = actor_for(user, partner.pk if partner else None) if _may_sign_in(user) else Actor(user, partner)
        # Somebody who is suspended here speaks for where they still belong, if anywhere.
        at = actor.partner
        for kind, things, rows, permissions in kinds:
            for name in permissions:
                permission = Permission(name)
                filtered = set(rows(actor, permission).values_list("pk", flat=True))
                for thing in things:
                    answer = can(actor, permission, Scope(thing.partner, thing.location, thing.program))
                    told = by_hand(world, user, at, name, thing) and _may_sign_in(user)
                    if not answer == (thing.pk in filtered) == told:
                        found.append((kind, name, str(user), thing, answer, thing.pk in filtered, told))
                asked += len(things)
    assert not found, found[:5]
    assert asked >= ENOUGH, asked


def _may_sign_in(user: User) -> bool:
    return user.is_active


def _admin_rows(model: type[Model], user: User, actor: Actor) -> set[Any]:
    request: Any = RequestFactory().get("/")
    request.user, request.actor = user, actor
    site = admin.site._registry[model]
    return set(site.get_queryset(request).values_list("pk", flat=True)) if admin.site.has_permission(request) else set()


@pytest.mark.rule("ACC-3")
@pytest.mark.rule("ACC-8")
def test_django_admin_and_the_table_agree() -> None:
    """Users, locations and role assignments: an admin of the partner finds all of its own there and nothing else; others nothing."""
    world = build(random.Random(SEED + 1))
    belongs = Membership.objects.filter(removed_at=None).values_list("user_id", "partner_id")
    users: dict[Any, set[Any]] = {partner.pk: {pk for pk, home in belongs if home == partner.pk} for partner in world.partners}
    roles: dict[Any, set[Any]] = {}
    for pk, home in RoleAssignment.objects.values_list("pk", "partner_id"):
        roles.setdefault(home, set()).add(pk)
    everything = User.objects.count() + RoleAssignment.objects.count() + Location.objects.count()
    asked = 0
    for user, partner in world.people:
        if not user.is_active:
            continue
        actor = actor_for(user, partner.pk if partner else None)
        home = actor.partner
        comes_in = home is not None and by_hand(world, user, home, "see_people", Thing(None, home.pk))
        here = home.pk if home and comes_in else None
        assert _admin_rows(User, user, actor) == users.get(here, set())
        assert _admin_rows(RoleAssignment, user, actor) == roles.get(here, set())
        assert _admin_rows(Location, user, actor) == {place.pk for place in world.places.get(here, [])}
        asked += everything
    root = User.objects.create_superuser("root@operator.example", make.PASSWORD, name="Root")
    assert len(_admin_rows(User, root, actor_for(root))) == User.objects.count()
    assert asked >= ENOUGH, asked


def test_the_table_names_every_permission_and_role() -> None:
    assert set(TABLE) == set(Permission)
    assert {role for role in OperatorAssignment._meta.get_field("role").flatchoices for role in role[:1]} <= LETTERS.keys()
