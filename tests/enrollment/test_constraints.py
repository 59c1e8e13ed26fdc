"""The database repeats the truth: raw SQL can't make an illegal row either."""

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import Location, User
from enrollment.models import Enrollment, Program
from incentives_portal.core import audit
from incentives_portal.core.models import AuditEntry
from profiles.models import Validation
from tests import factories as make
from tests.enrollment import journeys

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(db: None) -> Program:
    return make.ProgramFactory.create(currencies=["SEK"])


@pytest.fixture
def enrolled(program: Program, location: Location, ines: User, rita: User) -> Enrollment:
    return journeys.enrolled(program, location, ines, rita)


def refused(sql: str, *values: Any) -> str:
    """Runs a statement that must be refused, deferred constraints included. Returns what the database says."""
    with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return str(error.value)


def set_row(row: Enrollment, assignments: str, *values: Any) -> str:
    return refused(f"UPDATE enrollment_enrollment SET {assignments} WHERE id = %s", *values, row.pk)


COPY = """
INSERT INTO enrollment_enrollment
    (id, partner_id, location_id, program_id, fiscal_year, invited_at, currency, end_reason, status, reason, requirements)
SELECT gen_random_uuid(), partner_id, location_id, program_id, fiscal_year + %s, now(), '', '', 'inactive', '', '[]'
FROM enrollment_enrollment WHERE id = %s
"""


@pytest.mark.rule("INV-1")
def test_two_live_enrollments_of_one_location_in_one_program(enrolled: Enrollment) -> None:
    assert "enrollment_one_live" in refused(COPY, 1, enrolled.pk)


def test_two_rows_of_one_year(enrolled: Enrollment) -> None:
    assert "enrollment_once" in refused(COPY.replace("now()", "NULL"), 0, enrolled.pk)


@pytest.mark.rule("STA-1")
@pytest.mark.parametrize(
    ("assignments", "constraint"),
    [
        ("invited_at = NULL", "accepted_after_invited"),
        ("declined_at = now()", "accepted_or_declined"),
        ("submitted_at = NULL", "status_submitted_fits"),
        ("currency = ''", "submitted_is_complete"),
        ("payout_profile_id = NULL", "submitted_is_complete"),
        ("tax_profile_id = NULL", "submitted_is_complete"),
        ("ended_at = now()", "ended_says_why"),
        ("end_reason = 'withdrawn'", "ended_says_why"),
        ("ended_at = now(), end_reason = 'withdrawn'", "status_submitted_fits"),
        ("status = 'invited'", "status_invited_fits"),
        ("fiscal_year = 27", "enrollment_year"),
    ],
)
def test_facts_and_status_that_contradict_each_other(enrolled: Enrollment, assignments: str, constraint: str) -> None:
    assert constraint in set_row(enrolled, assignments)


@pytest.mark.parametrize("status", ["action_required", "validating", "enrolled"])
def test_a_status_that_an_invitation_has_not_earned(program: Program, location: Location, ines: User, status: str) -> None:
    assert "_fits" in set_row(journeys.invited(program, location), "status = %s", status)


def test_an_invitation_without_a_date(program: Program, location: Location) -> None:
    assert "status_invited_fits" in set_row(journeys.opened(program, location), "status = 'invited'")


@pytest.mark.rule("ACC-8")
def test_nothing_of_another_partner(
    enrolled: Enrollment, other_location: Location, second_location: Location, otto: User, ines: User
) -> None:
    bank, tax = journeys.bank(other_location, otto), journeys.tax(other_location, otto)
    assert set_row(enrolled, "location_id = %s", other_location.pk)
    assert set_row(enrolled, "partner_id = %s", other_location.partner_id)
    assert set_row(enrolled, "payout_profile_id = %s", bank.pk)
    assert set_row(enrolled, "tax_profile_id = %s", tax.pk)
    assert refused("UPDATE accounts_location SET partner_id = %s WHERE id = %s", other_location.partner_id, enrolled.location_id)
    assert refused(
        "UPDATE profiles_payoutprofile SET partner_id = %s WHERE id = %s", other_location.partner_id, enrolled.payout_profile_id
    )


@pytest.mark.rule("TAX-1")
def test_no_tax_profile_of_another_location(enrolled: Enrollment, second_location: Location, make_admin: User) -> None:
    tax = journeys.tax(second_location, make_admin)
    assert set_row(enrolled, "tax_profile_id = %s", tax.pk)


@pytest.fixture
def make_admin(second_location: Location) -> User:
    return make.person("Ida Ek", second_location.partner, make.INCENTIVES_ADMIN, second_location)


@pytest.mark.rule("VAL-1")
def test_a_validation_is_due_after_48_hours(enrolled: Enrollment) -> None:
    validation = Validation.objects.first()
    assert validation is not None
    assert validation.due_at - validation.submitted_at == dt.timedelta(hours=48)
    said = refused("UPDATE profiles_validation SET due_at = due_at + interval '1 second' WHERE id = %s", validation.pk)
    assert "validation_due_in_48_hours" in said


def test_nobody_decides_on_their_own_request(enrolled: Enrollment, ines: User) -> None:
    said = refused("UPDATE profiles_validation SET decided_by_id = %s", ines.pk)
    assert "validation_not_by_submitter" in said


@pytest.mark.rule("OPS-3")
@pytest.mark.parametrize("sql", ["UPDATE core_auditentry SET act = 'x'", "DELETE FROM core_auditentry", "TRUNCATE core_auditentry"])
def test_the_audit_log_is_append_only_for_the_owner_of_its_table_too(enrolled: Enrollment, sql: str) -> None:
    assert AuditEntry.objects.exists()
    assert "append-only" in refused(f"SET LOCAL ROLE NONE; {sql}")


@pytest.mark.rule("FIS-3")
def test_a_plan_is_approved_by_a_second_person_once_a_year_and_before_it_is_applied(petra: User, pelle: User) -> None:
    from enrollment.services import rollover
    from incentives_portal.core.fiscal import FiscalYear

    first, second = (rollover.plan(fiscal_year=FiscalYear(2027), by=petra) for _ in range(2))
    change = "UPDATE enrollment_rolloverplan SET approved_at = now(), approved_by_id = %s WHERE id = %s"
    assert "plan_approved_by_a_second_person" in refused(change, petra.pk, first.pk)
    assert "plan_applied_after_approval" in refused("UPDATE enrollment_rolloverplan SET applied_at = now() WHERE id = %s", first.pk)
    rollover.approve(plan=first, by=pelle)
    assert "one_approved_plan_a_year" in refused(change, pelle.pk, second.pk)


def test_the_audit_log_speaks_of_a_partner(enrolled: Enrollment) -> None:
    entry = audit.record("test", enrolled, by=audit.SYSTEM)
    assert entry.partner_id == enrolled.partner_id
