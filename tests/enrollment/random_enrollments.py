"""Random enrollments in a random world: every combination of facts that the database allows, with profiles in every state."""

import datetime as dt
from typing import Any

from enrollment.models import EligibilityDecision, EndReason, Enrollment
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear
from profiles.models import (
    BankAlarm,
    PayoutProfile,
    PayoutProfileVersion,
    TaxProfile,
    TaxProfileVersion,
    Validation,
    ValidationReason,
)
from tests.enrollment.random_world import World

ENTITIES = ("Ireland", "Corporation")


def fill(world: World) -> list[Enrollment]:
    """Profiles, decisions and enrollments for every location and program of the world."""
    payouts, taxes = _payouts(world), _taxes(world)
    chance = world.chance
    EligibilityDecision.objects.bulk_create(
        EligibilityDecision(
            program=program, location=place, partner_id=place.partner_id, eligible=chance.random() < 0.6, receipt={}, rule_version=1
        )
        for program in world.programs
        for place in world.locations
        if chance.random() < 0.8
    )
    rows = []
    for program in world.programs:
        for place in world.locations:
            choices = (payouts.get(place.partner_id, []), taxes.get(place.pk, []))
            rows.append(Enrollment(program=program, location=place, partner_id=place.partner_id, **_facts(world, *choices)))
        rows += [
            Enrollment(program=program, location=None, partner=partner, **_facts(world, payouts.get(partner.pk, []), []))
            for partner in world.partners
            if chance.random() < 0.05
        ]
    return Enrollment.objects.bulk_create(rows)


def _facts(world: World, payouts: list[Any], taxes: list[Any]) -> dict[str, Any]:
    chance, now, year = world.chance, clock.now(), FiscalYear.of(world.today).ends_in
    facts: dict[str, Any] = {"fiscal_year": chance.choice([year, year, year, year, year - 1, year + 1])}
    if chance.random() < 0.9:
        facts |= {"invited_at": now, "respond_by": world.some_day()}
        if chance.random() < 0.85:
            facts |= {"accepted_at": now} | _choice(world, payouts, taxes)
        elif chance.random() < 0.3:
            facts["declined_at"] = now
    if facts.get("payout_profile") and facts.get("tax_profile") and facts["currency"] and chance.random() < 0.8:
        facts["submitted_at"] = now
    if chance.random() < 0.1:
        facts |= {"ended_at": now, "end_reason": chance.choice(EndReason.values)}
    return facts


def _choice(world: World, payouts: list[Any], taxes: list[Any]) -> dict[str, Any]:
    chance = world.chance
    return {
        "payout_profile": chance.choice(payouts) if payouts and chance.random() < 0.95 else None,
        "tax_profile": chance.choice(taxes) if taxes and chance.random() < 0.95 else None,
        "currency": chance.choice(["SEK", "SEK", "SEK", "EUR", ""]),
    }


def _payouts(world: World) -> dict[Any, list[PayoutProfile]]:
    chance, now = world.chance, clock.now()
    profiles = PayoutProfile.objects.bulk_create(
        PayoutProfile(
            partner=partner,
            name=f"Account {number}",
            archived_at=now if chance.random() < 0.08 else None,
            frozen_at=now if chance.random() < 0.08 else None,
        )
        for partner in world.partners
        for number in range(3)
    )
    versions = [
        PayoutProfileVersion(
            profile=profile,
            number=number,
            payment_method=chance.choice(["bank_transfer", "bank_transfer", "credit_note"]),
            bank_country="SE",
            account_holder="N",
            identifiers="{}",
            fingerprint=bytes(32),
        )
        for profile in profiles
        for number in range(1, chance.randint(1, 2) + 1)
    ]
    _settle(world, "payout_version", versions, PayoutProfile)
    taken_back = [one for one in versions if chance.random() < 0.1]
    BankAlarm.objects.bulk_create(
        BankAlarm(
            partner_id=one.profile.partner_id,
            profile=one.profile,
            version=one,
            outcome=chance.choice(["taken_back", "genuine"]),
            settled_at=now,
        )
        for one in taken_back
    )
    return _grouped(profiles, "partner_id")


def _taxes(world: World) -> dict[Any, list[TaxProfile]]:
    chance, now = world.chance, clock.now()
    profiles = TaxProfile.objects.bulk_create(
        TaxProfile(
            partner_id=place.partner_id,
            location=place,
            name=f"Tax {number}",
            archived_at=now if chance.random() < 0.08 else None,
        )
        for place in world.locations
        for number in range(2)
    )
    versions = [
        TaxProfileVersion(
            profile=profile,
            number=number,
            legal_name="N",
            street="S",
            city="L",
            country="SE",
            classification="company",
            form_kind="local",
            identifiers="{}",
            fingerprint=bytes(32),
            expires_on=world.day() + dt.timedelta(days=chance.choice([0, 1, 400])) if chance.random() < 0.5 else None,
        )
        for profile in profiles
        for number in range(1, chance.randint(1, 2) + 1)
    ]
    _settle(world, "tax_version", versions, TaxProfile)
    return _grouped(profiles, "location_id")


def _settle(world: World, column: str, versions: list[Any], profiles: Any) -> None:
    """Stores the versions, makes the newest of each profile the latest, and validates them as chance will."""
    chance, now = world.chance, clock.now()
    type(versions[0])._default_manager.bulk_create(versions) if versions else None
    for version in versions:
        if chance.random() < 0.97:
            version.profile.latest = version
    profiles._default_manager.bulk_update({version.profile for version in versions}, ["latest"])
    made = []
    for version in versions:
        for entity in ENTITIES:
            if chance.random() < 0.85:
                decision = chance.choice(["approved"] * 6 + ["rejected", "", "superseded"])
                submitted = now - dt.timedelta(seconds=chance.randint(0, 9) * 0.5)
                made.append(
                    Validation(
                        partner_id=version.profile.partner_id,
                        **{column: version},
                        paying_entity=entity,
                        submitted_at=submitted,
                        due_at=submitted + dt.timedelta(hours=48),
                        decision=decision,
                        decided_at=now if decision else None,
                    )
                )
    Validation.objects.bulk_create(made)
    ValidationReason.objects.bulk_create(
        ValidationReason(
            validation=one, field=field, code="document_unreadable", note=chance.choice(["", "Läs “om”.\n", "{payout}"])
        )
        for one in made
        if one.decision == "rejected"
        for field in chance.sample(["account_holder", "legal_name"], chance.randint(0, 2))
    )


def _grouped(profiles: list[Any], column: str) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for profile in profiles:
        found.setdefault(getattr(profile, column), []).append(profile)
    return found
