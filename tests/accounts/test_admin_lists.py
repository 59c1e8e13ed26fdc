"""Filters, actions and completions of Django admin stay within the partner, and forged rows with them (rules ACC-3, ACC-8)."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import Location, Membership, Partner, RoleAssignment, User
from incentives_portal.core.models import AuditEntry, Mail, Run
from tests import factories as make
from tests.signing_in import app_of

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
USERS = "admin:accounts_user_changelist"
NONSENSE = ["abc", "-1", "0", "9" * 5000, "12345678-1234-1234-1234-12345678901g", "\x00"]


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root@operator.example", make.PASSWORD, name="Rut Root")


def act(client: Client, action: str, *rows: Any, where: str = USERS) -> Any:
    return client.post(reverse(where), {"action": action, "_selected_action": [row.pk for row in rows]}, follow=True)


def suspended(user: User, partner: Partner) -> bool:
    return Membership.objects.get(user=user, partner=partner).suspended_at is not None


@pytest.mark.rule("ACC-3")
def test_suspending_selected_people_stays_within_the_partner(
    as_: As, gunnar: User, ulf: User, otto: User, partner: Partner, other_partner: Partner
) -> None:
    """Ulf belongs to both partners, Otto to the other alone; the last global admin stays."""
    make.give_role(ulf, other_partner, make.INCENTIVES_ADMIN)
    answer = act(as_(gunnar), "suspend_people", ulf, otto, gunnar)
    assert suspended(ulf, partner)
    assert not suspended(ulf, other_partner)
    assert not suspended(otto, other_partner)
    assert not suspended(gunnar, partner)
    said = " ".join(str(message) for message in answer.context["messages"])
    assert "neither removed nor demoted" in said
    assert otto.name not in said
    assert AuditEntry.objects.get(act="member_suspended").actor_id == gunnar.pk
    assert Mail.objects.get(kind="role_changed").to == ulf.email
    act(as_(gunnar), "restore_people", ulf, otto)
    assert not suspended(ulf, partner)


@pytest.mark.rule("ACC-3")
def test_an_account_admin_suspends_no_global_admin(as_: As, astrid: User, gunnar: User, partner: Partner) -> None:
    make.person("Greta Gren", partner, make.GLOBAL_ADMIN)
    answer = act(as_(astrid), "suspend_people", gunnar)
    assert not suspended(gunnar, partner)
    assert "only a global admin" in " ".join(str(message) for message in answer.context["messages"])


@pytest.mark.rule("ACC-3")
def test_the_operator_suspends_by_membership(as_: As, root: User, ulf: User, gunnar: User, partner: Partner) -> None:
    client = as_(root)
    act(client, "suspend_people", ulf)
    assert not suspended(ulf, partner)
    act(client, "suspend_members", ulf.memberships.get(), where="admin:accounts_membership_changelist")
    assert suspended(ulf, partner)


@pytest.mark.rule("ACC-8")
def test_filters_offer_and_find_nothing_of_another_partner(
    as_: As, gunnar: User, ulf: User, ines: User, otto: User, second_location: Location, other_location: Location
) -> None:
    make.give_role(ulf, other_location.partner, make.INCENTIVES_ADMIN)
    client = as_(gunnar)
    places = client.get(reverse("admin:accounts_location_changelist"))
    assert "Germany" not in places.content.decode()
    assert "Sweden" in places.content.decode()
    found = client.get(reverse("admin:accounts_location_changelist"), {"covered": "no"})
    assert list(found.context["cl"].result_list) == [second_location]
    assert not client.get(reverse("admin:accounts_location_changelist"), {"country": "DE"}).context["cl"].result_list
    for asked, people in (({"role": make.INCENTIVES_ADMIN}, [ines]), ({"role": "none"}, []), ({"suspended": "yes"}, [])):
        assert list(client.get(reverse(USERS), asked).context["cl"].result_list) == people, asked
    page = client.get(reverse(USERS)).content.decode()
    assert page.count("Incentives admin<") <= page.count("Incentives admin")
    rows = client.get(reverse("admin:accounts_roleassignment_changelist"), {"reach": "listed"}).context["cl"].result_list
    assert [row.membership.user for row in rows] == [ines]


@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize("nonsense", NONSENSE)
def test_a_posted_key_that_can_be_none_is_an_error_of_the_form(as_: As, root: User, gunnar: User, ulf: User, nonsense: str) -> None:
    """Not of the server: the fields that complete ask the database for what was posted."""
    role = {"membership": nonsense, "role": make.INCENTIVES_USER, "listed_locations": [nonsense]}
    for person in (root, gunnar):
        answer = as_(person).post(reverse("admin:accounts_roleassignment_add"), role)
        assert answer.status_code == 200
        assert "membership" in answer.context["adminform"].form.errors
    operator = as_(root).post(reverse("admin:accounts_operatorassignment_add"), {"user": nonsense, "role": "reviewer"})
    assert operator.status_code == 200
    assert not RoleAssignment.objects.filter(membership__user=ulf).exclude(granted_by=None).exists()


@pytest.mark.rule("ACC-8")
def test_forged_rows_of_an_action_reach_nobody(as_: As, gunnar: User, otto: User) -> None:
    theirs = RoleAssignment.objects.get(membership__user=otto)
    client = as_(gunnar)
    act(client, "end_roles", theirs, where="admin:accounts_roleassignment_changelist")
    client.post(reverse(USERS), {"action": "suspend_people", "_selected_action": [str(uuid.uuid4())], "select_across": "1"})
    theirs.refresh_from_db()
    assert theirs.ended_at is None
    assert not Membership.objects.filter(suspended_at__isnull=False, user=otto).exists()


@pytest.mark.rule("ACC-3")
def test_the_list_of_people_says_in_words_who_is_suspended(as_: As, root: User, gunnar: User, ulf: User, rita: User) -> None:
    act(as_(gunnar), "suspend_people", ulf)
    for client in (as_(gunnar), as_(root)):
        page = client.get(reverse(USERS)).content.decode()
        shown = dict(re.findall(r'field-email">([^<]+)<.*?field-membership">([^<]+)<', page, re.DOTALL))
        assert (shown[gunnar.email], shown[ulf.email]) == ("Active", "Suspended")
        assert shown.get(rita.email, "–") == "–"
        assert "Roles count" not in page


@pytest.mark.rule("OPS-3")
def test_what_the_operator_reads_has_titles_in_words(as_: As, root: User, gunnar: User, ulf: User) -> None:
    act(as_(gunnar), "suspend_people", ulf)
    entry, client = AuditEntry.objects.get(act="member_suspended"), as_(root)
    run = Run.objects.create(command="evaluate_eligibility", started_by="cron")
    for name, one, title in (("auditentry", entry, f"{ulf.email} was suspended"), ("run", run, "evaluate_eligibility, ")):
        page = client.get(reverse(f"admin:core_{name}_change", args=[one.pk])).content.decode()
        assert title in page and " object (" not in page


@pytest.mark.rule("OPS-3")
def test_second_factors_sessions_and_addresses_are_in_nobodys_admin(as_: As, root: User, gunnar: User) -> None:
    app_of(gunnar)
    client = as_(root)
    registered = {model._meta.app_label for model in admin.site._registry}
    assert "accounts" in registered and registered.isdisjoint({"account", "mfa", "usersessions"})
    assert "/admin/mfa/" not in client.get(reverse("admin:index")).content.decode()
    for path in ("mfa/authenticator/", "mfa/authenticator/add/", "account/emailaddress/", "usersessions/usersession/add/"):
        assert client.get(f"/admin/{path}").status_code == 404, path
