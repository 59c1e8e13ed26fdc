"""Django admin (rule ACC-3): a partner's admins see their own people, locations and roles, and nothing else."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.test import Client
from django.urls import reverse

from accounts.actor import actor_for
from accounts.models import Location, Partner, RoleAssignment, User
from accounts.policy import Scope, can
from accounts.roles import Permission
from accounts.services import people
from incentives_portal.core import clock
from incentives_portal.core.models import AuditEntry
from tests import factories as make

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
OWN = {"user", "location", "roleassignment"}


@pytest.fixture
def superuser(db: None) -> User:
    return User.objects.create_superuser("root@operator.example", make.PASSWORD, name="Rut Root")


@pytest.fixture
def gerda(other_partner: Partner, other_location: Location) -> User:
    """The other partner's global admin, with everything that must not be seen."""
    gerda = make.person("Gerda Brandt", other_partner, make.GLOBAL_ADMIN)
    make.give_role(gerda, other_partner, make.INCENTIVES_ADMIN, other_location)
    return gerda


def held(user: User, role: str = make.INCENTIVES_ADMIN) -> RoleAssignment:
    return RoleAssignment.objects.get(membership__user=user, role=role, ended_at=None)


def add(client: Client, user: User, **given: Any) -> Any:
    asked = {"membership": user.memberships.get().pk, "role": make.INCENTIVES_ADMIN, **given}
    return client.post(reverse("admin:accounts_roleassignment_add"), asked, follow=True)


def errors(answer: Any) -> str:
    return str(answer.context["adminform"].form.errors)


@pytest.mark.rule("ACC-3")
def test_a_role_for_one_location_shows_exactly_that_location(
    as_: As, gunnar: User, ulf: User, location: Location, second_location: Location
) -> None:
    people.add_member(partner=location.partner, email="nina@x.example", name="Nina Ny", language="en", by=gunnar)
    nina = User.objects.get(email="nina@x.example")
    client = as_(gunnar)
    page = client.get(reverse("admin:accounts_roleassignment_add")).content.decode()
    for text in ("Nina Ny (nina@x.example)", location.mpn_id, second_location.mpn_id):
        assert text in page

    answer = add(client, nina, listed_locations=[location.pk])

    assert answer.redirect_chain, errors(answer)
    actor = actor_for(nina)
    assert can(actor, Permission.ENROLL, Scope(location.partner_id, location.pk))
    assert not can(actor, Permission.SEE_ENROLLMENTS, Scope(location.partner_id, second_location.pk))
    assert [role.locations.get() for role in [held(nina)]] == [location]
    assert AuditEntry.objects.get(act="role_assigned").actor_id == gunnar.pk


@pytest.mark.rule("ACC-3")
def test_changing_a_role_keeps_the_old_one_as_history(as_: As, gunnar: User, ines: User, second_location: Location) -> None:
    before = held(ines)
    change = reverse("admin:accounts_roleassignment_change", args=[before.pk])
    client = as_(gunnar)
    assert client.get(change).status_code == 200
    answer = client.post(change, {"listed_locations": [second_location.pk], "expires_on": "2999-12-31"}, follow=True)
    assert answer.redirect_chain, errors(answer)
    after = held(ines)
    before.refresh_from_db()
    assert before.ended_at
    assert after.pk != before.pk
    assert after.locations.get() == second_location
    assert AuditEntry.objects.filter(act="role_changed").exists()
    assert client.post(change, {"entire_organization": "on"}).status_code == 403
    assert client.get(change).status_code == 200


@pytest.mark.rule("ACC-4")
def test_refusals_show_in_the_form(as_: As, gunnar: User, ulf: User, other_location: Location, superuser: User) -> None:
    client = as_(gunnar)
    assert "Choose at least one location" in errors(add(client, ulf))
    assert "hold their role for the entire organization" in errors(add(client, ulf, role=make.ACCOUNT_ADMIN))
    assert "listed_locations" in errors(add(client, ulf, listed_locations=[other_location.pk]))
    across = add(as_(superuser), ulf, listed_locations=[other_location.pk])
    assert "does not belong to this partner" in errors(across)
    mine = reverse("admin:accounts_roleassignment_change", args=[held(gunnar, make.GLOBAL_ADMIN).pk])
    expiring = client.post(mine, {"entire_organization": "on", "expires_on": "2999-01-01"})
    assert "neither removed nor demoted" in errors(expiring)
    assert RoleAssignment.objects.count() == 2


@pytest.mark.rule("ACC-4")
def test_ending_in_bulk_keeps_the_last_global_admin(as_: As, gunnar: User, ulf: User, gerda: User) -> None:
    rows = [held(gunnar, make.GLOBAL_ADMIN), held(ulf, make.INCENTIVES_USER), held(gerda)]
    answer = as_(gunnar).post(
        reverse("admin:accounts_roleassignment_changelist"),
        {"action": "end_roles", "_selected_action": [row.pk for row in rows]},
        follow=True,
    )
    assert [bool(RoleAssignment.objects.get(pk=row.pk).ended_at) for row in rows] == [False, True, False]
    said = " ".join(str(message) for message in answer.context["messages"])
    assert "neither removed nor demoted" in said
    assert gerda.name not in said


@pytest.mark.rule("ACC-3")
def test_an_account_admin_leaves_admin_roles_alone(as_: As, astrid: User, gunnar: User, ulf: User) -> None:
    client = as_(astrid)
    assert "role" in errors(add(client, ulf, role=make.GLOBAL_ADMIN, entire_organization="on"))
    page = client.get(reverse("admin:accounts_roleassignment_add")).content.decode()
    assert 'value="global_admin"' not in page
    assert 'value="incentives_admin"' in page
    row = held(gunnar, make.GLOBAL_ADMIN)
    change = reverse("admin:accounts_roleassignment_change", args=[row.pk])
    assert client.get(change).status_code == 200
    assert client.post(change, {"entire_organization": "on", "expires_on": "2999-01-01"}).status_code == 403
    bulk = {"action": "end_roles", "_selected_action": [row.pk, held(astrid, make.ACCOUNT_ADMIN).pk]}
    client.post(reverse("admin:accounts_roleassignment_changelist"), bulk)
    assert not RoleAssignment.objects.filter(ended_at__isnull=False).exists()
    assert add(client, ulf, entire_organization="on").redirect_chain


@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize("cast", ["ines", "ulf", "otto", "rita", "petra"])
def test_nobody_else_comes_in(as_: As, cast: str, request: Any) -> None:
    client = as_(request.getfixturevalue(cast))
    assert client.get(reverse("admin:index"), follow=True).status_code == 403
    assert client.get(reverse("admin:accounts_roleassignment_changelist"), follow=True).status_code == 403


@pytest.mark.rule("ACC-3")
def test_a_flag_set_by_hand_opens_nothing_and_an_ended_role_closes(as_: As, ulf: User, gunnar: User, partner: Partner) -> None:
    ulf.is_staff = True
    ulf.save()
    assert as_(ulf).get(reverse("admin:index"), follow=True).status_code == 403
    make.person("Greta", partner, make.GLOBAL_ADMIN)
    client = as_(gunnar)
    assert client.get(reverse("admin:index")).status_code == 200
    RoleAssignment.objects.filter(membership__user=gunnar).update(ended_at=clock.now())
    assert client.get(reverse("admin:index"), follow=True).status_code == 403


def test_signed_out_leads_to_the_portals_sign_in(client: Client) -> None:
    answer = client.get(reverse("admin:index"), follow=True)
    assert answer.redirect_chain[-1][0] == f"{reverse('account_login')}?next={reverse('admin:index')}"


def pages(ids: dict[str, list[Any]]) -> Iterator[str]:
    """Every address of every registered model, with ids of each partner and of neither."""
    yield from (reverse("admin:index"), reverse("admin:app_list", args=["accounts"]))
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        yield from (reverse(f"admin:{name}_changelist"), reverse(f"admin:{name}_add"))
        for pk in ids.get(str(model._meta.model_name), ["1"]):
            yield from (reverse(f"admin:{name}_{page}", args=[pk]) for page in ("change", "delete", "history"))


def completions() -> Iterator[str]:
    """The autocomplete of every relation that any registered model has."""
    address = reverse("admin:autocomplete")
    for model in admin.site._registry:
        for field in (*model._meta.get_fields(), *_named(model, ["partner", "location", "user", "membership"])):
            asked = f"app_label={model._meta.app_label}&model_name={model._meta.model_name}&field_name={field.name}"
            yield f"{address}?{asked}&term="


def _named(model: Any, names: list[str]) -> Iterator[Any]:
    for name in names:
        try:
            yield model._meta.get_field(name)
        except FieldDoesNotExist:
            continue


@pytest.mark.rule("ACC-3")
@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize("cast", ["gunnar", "astrid"])
def test_no_other_partner_anywhere(
    as_: As, cast: str, request: Any, gunnar: User, ulf: User, ines: User, gerda: User, otto: User, other_location: Location
) -> None:
    """Walks every address of the admin: 404, or a redirect, or a page without a word of the other partner."""
    client = as_(request.getfixturevalue(cast))
    theirs, ours = (RoleAssignment.objects.filter(membership__user=user) for user in (gerda, ines))
    ids = {
        "user": [gerda.pk, otto.pk, ines.pk],
        "location": [other_location.pk],
        "partner": [other_location.partner_id],
        "membership": [gerda.memberships.get().pk],
        "roleassignment": [*(row.pk for row in theirs), *(row.pk for row in ours)],
    }
    secrets = [gerda.name, otto.name, gerda.email, other_location.name, other_location.mpn_id, other_location.partner.legal_name]
    secrets += [other_location.partner.pga_id + "@", "Köln"]
    seen = 0
    queries = "?q=Brandt", "?q=gerda", "?all=", "?membership__partner__legal_name=Brandt+Systeme+GmbH", "?e=1"
    addresses = [*pages(ids), *completions()]
    addresses += [reverse(f"admin:accounts_{name}_changelist") + query for name in OWN for query in queries]
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code in {200, 302, 403, 404, 400}, address
        page = answer.content.decode()
        seen += answer.status_code == 200
        # What was searched for is shown back; nothing else is.
        assert not [secret for secret in secrets if secret in page.replace("?q=Brandt", "").replace("Brandt+Systeme+GmbH", "")], (
            address
        )
        if answer.status_code == 200 and "autocomplete" not in address and "/accounts/" in address:
            assert any(f"/accounts/{model}/" in address for model in OWN) or address.endswith("/accounts/"), address
    assert seen > 15


@pytest.mark.rule("ACC-3")
def test_completions_stay_within_the_partner(as_: As, gunnar: User, ulf: User, gerda: User, superuser: User) -> None:
    address = reverse("admin:autocomplete") + "?app_label=accounts&model_name=roleassignment&term=&field_name="

    def texts(user: User, field: str) -> str:
        return json.dumps(json.loads(as_(user).get(address + field).content), ensure_ascii=False)

    assert "Ulf Berg" in texts(gunnar, "membership")
    assert "Brandt" not in texts(gunnar, "membership") + texts(gunnar, "locations")
    assert "Brandt" in texts(superuser, "membership")
    assert "Brandt" in texts(superuser, "locations")


@pytest.mark.rule("ACC-3")
def test_locations_and_users_are_read_only_for_partners(as_: As, gunnar: User, ulf: User, location: Location) -> None:
    client = as_(gunnar)
    for name, pk in (("location", location.pk), ("user", ulf.pk)):
        assert client.get(reverse(f"admin:accounts_{name}_change", args=[pk])).status_code == 200
        for page, args in (("change", [pk]), ("delete", [pk]), ("add", [])):
            assert (
                client.post(reverse(f"admin:accounts_{name}_{page}", args=args), {"name": "Other", "post": "yes"}).status_code
                == 403
            )
    assert (
        client.post(
            reverse("admin:accounts_roleassignment_delete", args=[held(ulf, make.INCENTIVES_USER).pk]), {"post": "yes"}
        ).status_code
        == 403
    )


def test_the_operators_superuser_sees_all_and_passes_the_same_services(
    as_: As, superuser: User, gunnar: User, gerda: User, ulf: User
) -> None:
    client = as_(superuser)
    page = client.get(reverse("admin:accounts_user_changelist")).content.decode()
    assert gunnar.name in page
    assert gerda.name in page
    assert add(client, ulf, entire_organization="on").redirect_chain
    assert AuditEntry.objects.get(act="role_assigned").actor_id == superuser.pk
    for address in pages({"user": [gunnar.pk], "roleassignment": [held(gunnar, make.GLOBAL_ADMIN).pk]}):
        assert client.get(address).status_code in {200, 302, 403}, address
    change = reverse("admin:accounts_user_change", args=[gunnar.pk])
    closing = client.post(change, {"name": gunnar.name, "language": "en"})
    assert "neither removed nor demoted" in errors(closing)
    gunnar.refresh_from_db()
    assert gunnar.is_active
    assert client.post(change, {"name": "Gunnar L", "language": "sv", "is_active": "on"}).status_code == 302
    assert AuditEntry.objects.get(act="user_changed").after == {"person": gunnar.email, "name": "Gunnar L", "language": "sv"}


def test_a_superuser_can_not_be_made_of_a_partners_person(as_: As, superuser: User, ulf: User) -> None:
    change = reverse("admin:accounts_user_change", args=[ulf.pk])
    fields = {"name": ulf.name, "language": "en", "is_active": "on", "is_superuser": "on"}
    assert "belongs to a partner" in errors(as_(superuser).post(change, fields))
    assert not User.objects.get(pk=ulf.pk).is_superuser


def test_a_reviewer_can_not_be_made_of_a_partners_person(as_: As, superuser: User, ulf: User, rita: User) -> None:
    client, address = as_(superuser), reverse("admin:accounts_operatorassignment_add")
    assert "belongs to a partner" in errors(client.post(address, {"user": ulf.pk, "role": "reviewer"}))
    assert client.post(address, {"user": rita.pk, "role": "program_manager"}).status_code == 302
    assert AuditEntry.objects.get(act="operator_role_assigned").after == {"person": rita.email, "role": "program_manager"}


def test_the_admin_speaks_swedish_and_names_the_partner(as_: As, gunnar: User, partner: Partner) -> None:
    gunnar.language = "sv"
    gunnar.save()
    page = as_(gunnar).get(reverse("admin:accounts_roleassignment_changelist")).content.decode()
    assert 'lang="sv"' in page
    assert partner.legal_name in page
