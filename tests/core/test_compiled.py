"""A statement that is asked at every page is read by PostgreSQL once, and answers each asking by its own values."""

import uuid

import pytest
from django.db import connection

from accounts.models import Partner
from incentives_portal.core.compiled import Compiled, asked
from tests import factories as make

pytestmark = pytest.mark.django_db


def prepared() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [statement for (statement,) in cursor.fetchall()]


def test_a_statement_is_kept_and_its_values_are_not() -> None:
    ours, theirs = make.PartnerFactory.create(), make.PartnerFactory.create()
    question = Compiled(lambda pk: Partner.objects.filter(pk=pk).values_list("legal_name"), pk=uuid.UUID(int=1))
    for _ in range(7):  # by the sixth, PostgreSQL may have a plan for all values
        assert question.ask(pk=ours.pk) == [(ours.legal_name,)]
        assert question.ask(pk=theirs.pk) == [(theirs.legal_name,)]
    [kept] = [one for one in prepared() if "legal_name" in one]
    assert str(ours.pk) not in kept and str(theirs.pk) not in kept


def test_other_statements_are_not_kept() -> None:
    assert not Partner.objects.filter(legal_name="Nobody").exists()
    assert not [one for one in prepared() if "Nobody" in one or "legal_name" in one]


def test_values_of_every_kind_find_their_place() -> None:
    assert asked("SELECT %s::int + 1, %s::text, %s::text[]", [2**40 % 7, "O'Hara %s", ["a", "b"]]) == [
        (2**40 % 7 + 1, "O'Hara %s", ["a", "b"])
    ]
