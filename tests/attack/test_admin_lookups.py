"""What a partner's admins can ask Django admin by its address (rules ACC-3, ACC-8)."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import RoleAssignment, User

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]


@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize(
    "asked",
    [
        "user/?password__startswith=md5",
        "user/?password__startswith=zzz",
        "user/?is_superuser__exact=1",
        "user/?memberships__isnull=False",
        "user/?memberships__partner__legal_name__startswith=B",
        "roleassignment/?granted_by__password__startswith=md5",
        "roleassignment/?membership__user__password__startswith=md5",
        "roleassignment/?partner__id__exact=1",
        "location/?partner__contact_email__startswith=a",
    ],
)
def test_the_address_of_a_list_can_not_ask_about_hidden_columns(asked: str, as_: As, gunnar: User) -> None:
    assert as_(gunnar).get(f"/admin/accounts/{asked}").status_code == 400


@pytest.mark.rule("ACC-3")
def test_the_filters_of_a_list_work(as_: As, gunnar: User, ulf: User) -> None:
    client = as_(gunnar)
    for asked in ("role__exact=incentives_user&ended=no", "q=ulf"):
        found = client.get(f"/admin/accounts/roleassignment/?{asked}")
        assert [row.membership.user for row in found.context["cl"].result_list] == [ulf]


@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize("row", ["abc", "-1", "\x00", "9" * 5000, "12345678-1234-1234-1234-123456789012"])
def test_an_action_on_rows_that_do_not_exist_is_refused(row: str, as_: As, gunnar: User) -> None:
    answer = as_(gunnar).post("/admin/accounts/roleassignment/", {"action": "end_roles", "_selected_action": row})
    assert answer.status_code in {302, 400}
    assert RoleAssignment.objects.filter(ended_at=None).count() == 1
