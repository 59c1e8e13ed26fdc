"""A made-up year, filled in by SQL in minutes: partners, locations, profiles and any number of accepted enrollments.

Like a real network in what matters to a rollover: one partner of thousands of locations and many of a dozen, a location taxed
once and paid by its partner's account, a few that lack something or whose agreement ends with the year.
"""

import datetime as dt
from typing import Any

from django.db import connection, transaction

PROGRAMS = 9
BIG = 4_000

PARTNERS = """
INSERT INTO accounts_partner (id, pga_id, legal_name, country, language, membership_migrated_on, contact_email)
SELECT uuidv7(), (4000000 + n)::text, 'Partner ' || n, 'SE', 'en', date '2020-01-01', ''
FROM generate_series(0, %(partners)s) n
"""
LOCATIONS = """
INSERT INTO accounts_location (id, mpn_id, partner_id, name, city, country, membership_active)
SELECT uuidv7(), (50000000 + n)::text, p.id, 'Kontor ' || n, 'Luleå', 'SE', true
FROM generate_series(1, %(locations)s) n
JOIN accounts_partner p ON p.pga_id = (4000000 + CASE WHEN n <= %(big)s THEN 0 ELSE 1 + n %% %(partners)s END)::text
"""
# One partner in twenty has an agreement that ends with the year.
AGREEMENTS = """
INSERT INTO enrollment_agreement (partner_id, location_id, agreement, signed_on, ends_on)
SELECT id, NULL, 'cloud', date '2020-01-01', CASE WHEN pga_id LIKE '%%7' AND pga_id::int %% 2 = 1 THEN %(last_day)s::date END
FROM accounts_partner
"""
ACCOUNTS = """
INSERT INTO profiles_payoutprofile (id, partner_id, name, created_at) SELECT uuidv7(), id, 'Account', now() FROM accounts_partner;
INSERT INTO profiles_payoutprofileversion
    (id, profile_id, number, payment_method, bank_country, account_holder, identifiers, shown, fingerprint, bank_name, created_at)
SELECT uuidv7(), id, 1, 'bank_transfer', 'SE', 'N', '\\x00', '{}', '\\x00', 'SEB', now() FROM profiles_payoutprofile;
UPDATE profiles_payoutprofile p SET latest_id = v.id FROM profiles_payoutprofileversion v WHERE v.profile_id = p.id;
INSERT INTO profiles_taxprofile (id, partner_id, location_id, name, created_at)
SELECT uuidv7(), partner_id, id, 'Tax', now() FROM accounts_location;
INSERT INTO profiles_taxprofileversion (id, profile_id, number, legal_name, street, postal_code, city, country, classification,
    form_kind, identifiers, shown, fingerprint, created_at)
SELECT uuidv7(), id, 1, 'N', 'Storgatan 1', '', 'Luleå', 'SE', 'company', 'local', '\\x00', '{}', '\\x00', now()
FROM profiles_taxprofile;
UPDATE profiles_taxprofile p SET latest_id = v.id FROM profiles_taxprofileversion v WHERE v.profile_id = p.id;
INSERT INTO profiles_validation (id, partner_id, payout_version_id, paying_entity, submitted_at, due_at, decision, decided_at)
SELECT uuidv7(), p.partner_id, p.latest_id, 'Northwind Ireland Operations Ltd', now(), now() + interval '48 hours',
    'approved', now() FROM profiles_payoutprofile p;
INSERT INTO profiles_validation (id, partner_id, tax_version_id, paying_entity, submitted_at, due_at, decision, decided_at)
SELECT uuidv7(), p.partner_id, p.latest_id, 'Northwind Ireland Operations Ltd', now(), now() + interval '48 hours',
    'approved', now() FROM profiles_taxprofile p;
"""
# One in fifty is accepted and not submitted, one in fifty not even accepted.
ENROLLMENTS = """
INSERT INTO enrollment_enrollment (id, partner_id, location_id, program_id, fiscal_year, invited_at, accepted_at, payout_profile_id,
    tax_profile_id, currency, submitted_at, end_reason, status, reason, requirements, status_since)
SELECT uuidv7(), l.partner_id, l.id, g.id, %(year)s, now(), CASE WHEN n %% 50 <> 1 THEN now() END,
    CASE WHEN n %% 50 > 1 THEN b.id END, CASE WHEN n %% 50 > 1 THEN t.id END, CASE WHEN n %% 50 > 1 THEN 'SEK' ELSE '' END,
    CASE WHEN n %% 50 > 1 THEN now() END, '', 'inactive', '', '[]', now()
FROM (SELECT *, (mpn_id::int - 50000000) * 7 + 3 AS seed FROM accounts_location) l
CROSS JOIN (SELECT id, row_number() OVER (ORDER BY code) AS place FROM enrollment_program) g
CROSS JOIN LATERAL (SELECT l.seed * 31 + g.place AS n) turn
JOIN profiles_payoutprofile b ON b.partner_id = l.partner_id JOIN profiles_taxprofile t ON t.location_id = l.id
"""
HISTORY = """
INSERT INTO enrollment_statuschange (enrollment_id, at, before, after, reason, cause)
SELECT e.id, now(), step.before, step.after, '', step.cause FROM enrollment_enrollment e
CROSS JOIN (VALUES ('inactive', 'invited', 'invited'), ('invited', 'action_required', 'accepted')) step (before, after, cause)
"""


def populate(rows: int, *, people: int = 20) -> None:
    """`rows` enrollments of this fiscal year, their statuses derived; every `people`-th partner has an incentives admin."""
    from accounts.models import Partner
    from enrollment import derivation
    from enrollment.derivation.sets import stored
    from incentives_portal.core import clock
    from incentives_portal.core.audit import SYSTEM
    from incentives_portal.core.fiscal import FiscalYear
    from tests import factories as make

    year = FiscalYear.of(clock.today())
    locations = rows // PROGRAMS
    facts = {
        "locations": locations,
        "partners": max(1, locations // 12),
        "big": min(BIG, locations // 10),
        "year": year.ends_in,
        "last_day": year.last_day,
    }
    cloud, membership = {"kind": "agreement", "agreement": "cloud"}, {"kind": "active_membership"}
    for number in range(PROGRAMS):
        make.ProgramFactory.create(currencies=["SEK"], asks=[[membership], [cloud]] if number % 3 == 0 else [[membership]])
    run(PARTNERS, facts)
    run(LOCATIONS, facts)
    for statement in ACCOUNTS.split(";\n"):
        run(statement) if statement.strip() else None
    run(AGREEMENTS, facts)
    analyze()
    run(ENROLLMENTS, facts)
    analyze()
    for number, partner in enumerate(Partner.objects.order_by("pga_id").iterator()):
        if number % people == 0:
            make.person(f"Admin{number} Berg", partner, make.INCENTIVES_ADMIN)
    for within in _ranges():
        with transaction.atomic():
            derivation.settle_all(stored(within.of_partner("e.partner_id")), within=within, cause="submitted", by=SYSTEM)
    run(HISTORY)
    analyze()


def analyze() -> None:
    """What autovacuum does where there is time: only the owner of the tables can."""
    from incentives_portal.core import database_roles

    with database_roles.as_owner():
        run("ANALYZE")


def _ranges() -> Any:
    from enrollment.ranges import EVERYWHERE, cut

    return [one for one in cut() if one.first_location == EVERYWHERE.first_location]


def plan_and_wait_for_july(*, size: int | None = None) -> Any:
    """An approved plan in ranges of `size` locations, and the clock five minutes after the year's end."""
    from accounts.roles import OperatorRole
    from enrollment.ranges import SIZE
    from enrollment.services import rollover
    from incentives_portal.core import clock
    from incentives_portal.core.fiscal import FiscalYear
    from tests import factories as make

    year = FiscalYear.of(clock.today())
    petra, pelle = (make.operator(name, OperatorRole.PROGRAM_MANAGER) for name in ("Petra Wall", "Pelle Ek"))
    plan = rollover.approve(plan=rollover.plan(fiscal_year=year, by=petra, size=size or SIZE), by=pelle)
    clock.move_to(clock.start_of(year.next.first_day) + dt.timedelta(minutes=5))
    return plan


def run(statement: str, parameters: Any = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
