"""The triggers of accounts against raw SQL of the portal's own role: a partner keeps a global admin, and sides stay apart."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Membership, User
from tests import factories as make

pytestmark = [pytest.mark.django_db]
STAYS = "last active global admin"


def at_once(*statements: tuple[str, list[Any]]) -> None:
    """In one transaction, its deferred triggers included."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement, values in statements:
            cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def shadow(table: str) -> list[tuple[str, list[Any]]]:
    """A temporary copy that every name without a schema would mean."""
    return [(f"CREATE TEMP TABLE {table} AS SELECT * FROM public.{table}", []), ("SET LOCAL search_path = pg_temp, public", [])]


@pytest.mark.rule("ACC-4")
def test_a_membership_is_handed_to_nobody_who_could_not_act(gunnar: User) -> None:
    membership = Membership.objects.get(user=gunnar)
    ghost, heir = make.UserFactory.create(is_active=False), make.UserFactory.create()
    hand_on = "UPDATE accounts_membership SET user_id = %s WHERE id = %s"
    with pytest.raises(IntegrityError, match=STAYS):
        at_once((hand_on, [ghost.pk, membership.pk]))
    at_once((hand_on, [heir.pk, membership.pk]))


@pytest.mark.rule("ACC-4")
@pytest.mark.parametrize("table", ["accounts_roleassignment", "accounts_membership", "accounts_user", "accounts_partner"])
def test_a_temporary_table_keeps_no_global_admin(gunnar: User, table: str) -> None:
    end = "UPDATE public.accounts_roleassignment SET ended_at = portal_now() WHERE membership_id = %s"
    with pytest.raises(IntegrityError, match=STAYS):
        at_once(*shadow(table), (end, [Membership.objects.get(user=gunnar).pk]))


@pytest.mark.rule("VAL-2")
def test_a_temporary_table_makes_nobody_of_both_sides(ulf: User) -> None:
    empty = ("DELETE FROM pg_temp.accounts_membership", [])
    promote = ("UPDATE public.accounts_user SET is_superuser = true WHERE id = %s", [ulf.pk])
    with pytest.raises(IntegrityError, match="to the operator, not to both"):
        at_once(*shadow("accounts_membership"), empty, promote)
