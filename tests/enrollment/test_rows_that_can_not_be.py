"""What the database itself refuses of an enrollment, whoever writes it: what is of nobody, of another partner or still in use."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Location, User
from enrollment.models import Enrollment
from tests import factories as make
from tests.enrollment import stages

pytestmark = pytest.mark.rule("ACC-8")
CHANGE = "UPDATE enrollment_enrollment SET {} = %s WHERE id = %s"


@pytest.fixture
def row(location: Location, ines: User) -> Enrollment:
    return stages.submitted(location, ines, make.ProgramFactory.create(currencies=["SEK"]))


@pytest.fixture
def theirs(other_location: Location, otto: User) -> Enrollment:
    return stages.submitted(other_location, otto, make.ProgramFactory.create(currencies=["SEK"]))


def refused(statement: str, *values: Any) -> str:
    """What the statement goes against; foreign keys that wait are asked as well."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return str(refusal.value)


@pytest.mark.parametrize("column", ["location_id", "payout_profile_id", "tax_profile_id", "partner_id", "program_id"])
def test_what_is_of_nobody_or_of_another_partner(row: Enrollment, theirs: Enrollment, column: str) -> None:
    assert "foreign key" in refused(CHANGE.format(column), uuid.uuid4(), row.pk)
    if column != "program_id":
        assert "foreign key" in refused(CHANGE.format(column), getattr(theirs, column), row.pk)


@pytest.mark.parametrize("whose", ["nobody", "theirs", "own"])
def test_a_tax_profile_without_a_location(row: Enrollment, theirs: Enrollment, whose: str) -> None:
    profile = {"nobody": uuid.uuid4(), "theirs": theirs.tax_profile_id, "own": row.tax_profile_id}[whose]
    change = "UPDATE enrollment_enrollment SET location_id = NULL, tax_profile_id = %s WHERE id = %s"
    assert "tax_profile_needs_location" in refused(change, profile, row.pk)


def test_a_payout_profile_of_nobody_without_a_location(row: Enrollment) -> None:
    change = """UPDATE enrollment_enrollment SET location_id = NULL, tax_profile_id = NULL, submitted_at = NULL, status = 'inactive',
        payout_profile_id = %s WHERE id = %s"""
    assert "foreign key" in refused(change, uuid.uuid4(), row.pk)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("accounts_location", "location_id"),
        ("profiles_payoutprofile", "payout_profile_id"),
        ("profiles_taxprofile", "tax_profile_id"),
        ("enrollment_program", "program_id"),
        ("accounts_partner", "partner_id"),
    ],
)
def test_what_is_in_use_stays(row: Enrollment, table: str, column: str) -> None:
    assert "foreign key" in refused(f"DELETE FROM {table} WHERE id = %s", getattr(row, column))
