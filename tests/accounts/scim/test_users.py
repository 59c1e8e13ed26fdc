"""/Users: people come, change and leave by the partner's directory (rule ACC-5)."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import Directory, DirectoryGroup, DirectoryPerson, GroupMapping, Membership, Partner, RoleAssignment, User
from accounts.services import people
from incentives_portal.core import clock
from incentives_portal.core.models import AuditEntry, Mail
from tests import factories as make
from tests.accounts.scim.conftest import DOMAIN, GROUP, USER, Scim, row_of, said

pytestmark = pytest.mark.rule("ACC-5")


def test_a_new_person_comes_with_everything_that_is_kept(scim: Scim, partner: Partner) -> None:
    response = scim.new_user(
        externalId="e-1",
        name={"givenName": "Nils", "familyName": "Ek"},
        preferredLanguage="sv-SE",
        active=True,
        phoneNumbers=[{"value": "+46 1"}],
        emails=[{"value": "nils.ek@norrsken.example", "type": "work", "primary": True}],
    )

    assert response.status_code == 201
    body = said(response)
    assert response.headers["Location"].endswith(f"/scim/v2/Users/{body['id']}") and response.headers["ETag"] == 'W/"1"'
    assert body["meta"]["version"] == 'W/"1"' and body["meta"]["resourceType"] == "User"
    assert body["externalId"] == "e-1" and "phoneNumbers" not in body
    person = User.objects.get(email=f"nils@{DOMAIN}")
    assert (person.name, person.language, person.has_usable_password()) == ("Nils Ek", "sv", False)
    assert Membership.objects.get(user=person, partner=partner).suspended_at is None
    assert EmailAddress.objects.get(user=person).verified
    entry = AuditEntry.objects.get(act="person_provisioned")
    assert (entry.actor_kind, entry.actor_name, entry.partner_id) == ("directory", partner.legal_name, partner.pk)
    assert said(scim.get(f"/Users/{body['id']}")) == body


def test_some_attributes_or_all_but_some(scim: Scim) -> None:
    pk = said(scim.new_user(displayName="Nils", title="Säljare"))["id"]
    assert set(said(scim.get(f"/Users/{pk}?attributes=displayName"))) == {"schemas", "id", "displayName"}
    assert "title" not in said(scim.get(f"/Users/{pk}?excludedAttributes=title"))
    assert set(said(scim.get("/Users?attributes=userName"))["Resources"][0]) == {"schemas", "id", "userName"}
    assert scim.get(f"/Users/{pk}?attributes=title&excludedAttributes=title").status_code == 400
    assert scim.get(f"/Users/{pk}?attributes=a[b").status_code == 400


@pytest.mark.parametrize("wish", ["attributes=title&excludedAttributes=title", "attributes=a[b"])
def test_a_wish_that_makes_no_sense_is_refused_before_anything_is_written(scim: Scim, wish: str) -> None:
    body = {"schemas": [USER], "userName": f"nils@{DOMAIN}"}
    group = {"schemas": [GROUP], "displayName": "Readers"}
    assert scim.ask("POST", f"/Users?{wish}", body).status_code == scim.ask("POST", f"/Groups?{wish}", group).status_code == 400
    assert not DirectoryPerson.objects.exists() and not DirectoryGroup.objects.exists()
    row, readers = row_of(scim.new_user()), said(scim.new_group("Readers"))["id"]
    operation = {"op": "replace", "path": "displayName", "value": "Another"}
    for path, sent in ((f"/Users/{row.pk}", body), (f"/Groups/{readers}", group)):
        assert scim.put(f"{path}?{wish}", sent | {"displayName": "Another"}).status_code == 400
        assert scim.patch(f"{path}?{wish}", operation).status_code == 400
        assert said(scim.get(path)).get("displayName") != "Another"


def test_a_domain_is_proven_however_it_is_spelled(scim: Scim, directory: Directory) -> None:
    directory.domains.create(domain="xn--vrt-ula.se", proven_at=clock.now())
    person = row_of(scim.new_user("a@vårt.se")).membership.user
    assert person.email == "a@vårt.se"


def test_an_address_outside_of_the_proven_domains_is_refused_in_words(scim: Scim, others: Scim, directory: Directory) -> None:
    directory.domains.create(domain="claimed.example")
    for user_name in ("nils@gmail.example", "otto@brandt.example", "n@claimed.example", "nils", f"nils@evil.{DOMAIN}"):
        response = scim.new_user(user_name)
        assert (response.status_code, said(response)["scimType"]) == (400, "invalidValue"), user_name
    assert "nils@gmail.example is not in a mail domain" in said(scim.new_user("nils@gmail.example"))["detail"]
    assert not DirectoryPerson.objects.exists() and not User.objects.filter(email__contains="nils").exists()


def test_the_primary_mail_address_stands_in_for_a_user_name_that_is_none(scim: Scim) -> None:
    emails = [{"value": f"second@{DOMAIN}"}, {"value": f"First@{DOMAIN}", "primary": True}]
    assert row_of(scim.new_user("nils", emails=emails)).membership.user.email == f"first@{DOMAIN}"
    other = scim.new_user("nora@norrsken.onmicrosoft.example", emails=[{"value": f"nora@{DOMAIN}", "type": "work"}])
    assert row_of(other).membership.user.email == f"nora@{DOMAIN}"


def test_the_same_person_comes_once(scim: Scim) -> None:
    scim.new_user(emails=[{"value": f"n.ek@{DOMAIN}"}])
    same = scim.new_user(f"NILS@{DOMAIN}")
    assert (same.status_code, said(same)["scimType"]) == (409, "uniqueness")
    by_address = scim.new_user("somebody", emails=[{"value": f"nils@{DOMAIN}"}])
    assert (by_address.status_code, said(by_address)["scimType"]) == (409, "uniqueness")
    assert DirectoryPerson.objects.count() == 1


def test_who_is_known_is_linked_and_keeps_name_and_password(
    scim: Scim, partner: Partner, other_partner: Partner, directory: Directory
) -> None:
    member = make.UserFactory.create(name="Maja", email=f"maja@{DOMAIN}")
    make.give_role(member, partner, make.INCENTIVES_USER)
    elsewhere = make.UserFactory.create(name="Elsa", email=f"elsa@{DOMAIN}")
    make.give_role(elsewhere, other_partner, make.GLOBAL_ADMIN)
    signed_in = make.MembershipFactory.create(partner=partner, user__email=f"sven@{DOMAIN}")
    DirectoryPerson.objects.create(directory=directory, membership=signed_in, subject="s-1")

    for email in (member.email, elsewhere.email, signed_in.user.email):
        assert scim.new_user(email, displayName="Somebody Else").status_code == 201
    for user in (member, elsewhere):
        password = user.password
        user.refresh_from_db()
        assert user.name != "Somebody Else" and user.password == password
        assert Membership.objects.filter(user=user, partner=partner).count() == 1
    linked = DirectoryPerson.objects.get(membership=signed_in)
    assert linked.is_provisioned and linked.subject == "s-1"
    assert not Mail.objects.filter(kind="provisioned").exists()


def test_who_was_suspended_by_hand_stays_out_until_an_admin_lets_them_in(
    scim: Scim, partner: Partner, gunnar: User, directory: Directory, as_: Callable[[User], Client]
) -> None:
    GroupMapping.objects.create(directory=directory, group="Readers", role=make.INCENTIVES_USER, entire_organization=True)
    maja = make.MembershipFactory.create(partner=partner, user__email=f"maja@{DOMAIN}")
    people.suspend(membership=maja, by=gunnar)
    row = row_of(scim.new_user(maja.user.email, active=True))
    scim.new_group("Readers", str(row.pk))

    def is_out() -> bool:
        maja.refresh_from_db()
        return maja.suspended_at is not None and not maja.roles.filter(ended_at=None).exists()

    assert is_out() and not Mail.objects.filter(kind="provisioned").exists()
    assert [one["active"] for one in said(scim.get("/Users?filter=active eq true"))["Resources"]] == [True]
    for value in ({"title": "Chef"}, {"active": False}):
        scim.patch(f"/Users/{row.pk}", {"op": "replace", "value": value})
        assert is_out()
    with pytest.raises(ValidationError, match="Your directory provisions this person"):
        people.restore(membership=maja, by=gunnar)
    assert "suspended here before" not in as_(gunnar).get(f"/people/{maja.pk}/").content.decode()
    scim.patch(f"/Users/{row.pk}", {"op": "replace", "value": {"active": True}})
    assert is_out() and "suspended here before" in as_(gunnar).get(f"/people/{maja.pk}/").content.decode()

    people.restore(membership=maja, by=gunnar)
    assert not is_out() and maja.roles.get(ended_at=None).role == make.INCENTIVES_USER
    off(scim, str(row.pk))
    assert is_out()
    scim.patch(f"/Users/{row.pk}", {"op": "replace", "value": {"active": True}})
    assert not is_out()


def test_the_operators_people_are_nobody_elses(scim: Scim, rita: User) -> None:
    User.objects.filter(pk=rita.pk).update(email=f"rita@{DOMAIN}")
    response = scim.new_user(f"rita@{DOMAIN}")
    assert response.status_code == 409 and "operator" in said(response)["detail"]
    assert not Membership.objects.filter(user=rita).exists()


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get("/notices/").status_code == 200
    return browser


def off(scim: Scim, pk: str) -> Any:
    return scim.patch(f"/Users/{pk}", {"op": "replace", "path": "active", "value": False})


@pytest.mark.parametrize("way", ["patch", "put", "delete"])
def test_deprovisioning_ends_every_session_and_role_at_once(scim: Scim, partner: Partner, gunnar: User, way: str) -> None:
    row = row_of(scim.new_user())
    person, pk = row.membership.user, str(row.pk)
    make.give_role(person, partner, make.INCENTIVES_ADMIN)
    browsers = [signed_in(person), signed_in(person)]
    colleague = signed_in(gunnar)

    if way == "patch":
        assert said(off(scim, pk))["active"] is False
    elif way == "put":
        assert scim.put(f"/Users/{pk}", {"schemas": [USER], "userName": f"nils@{DOMAIN}", "active": False}).status_code == 200
    else:
        assert scim.delete(f"/Users/{pk}").status_code == 204
        assert scim.get(f"/Users/{pk}").status_code == 404

    for browser in browsers:
        response = browser.get("/notices/")
        assert response.status_code == 302 and response.headers["Location"].startswith("/accounts/login/")
    assert colleague.get("/notices/").status_code == 200
    membership = Membership.objects.get(user=person)
    assert membership.suspended_at is not None and (membership.removed_at is not None) == (way == "delete")
    assert RoleAssignment.objects.filter(membership=membership, ended_at=None).exists() == (way != "delete")
    browser = signed_in_again(person)
    assert browser.get("/incentives/").status_code == 403


def signed_in_again(person: User) -> Client:
    return signed_in(User.objects.get(pk=person.pk))


def test_who_is_active_again_is_back_and_by_hand_nobody_is(scim: Scim, gunnar: User, partner: Partner) -> None:
    row = row_of(scim.new_user())
    make.give_role(row.membership.user, partner, make.INCENTIVES_USER)
    off(scim, str(row.pk))
    with pytest.raises(Exception, match="Your directory provisions this person"):
        people.restore(membership=row.membership, by=gunnar)
    scim.patch(f"/Users/{row.pk}", {"op": "replace", "value": {"active": True}})
    assert signed_in_again(row.membership.user).get("/incentives/").status_code == 200
    # Removed and provisioned anew: a new person of the directory, the same of the portal.
    scim.delete(f"/Users/{row.pk}")
    again = row_of(scim.new_user())
    assert again.pk != row.pk and again.membership_id == row.membership_id and again.membership.removed_at is None


@pytest.mark.rule("ACC-4")
def test_the_last_global_admin_stays(scim: Scim, partner: Partner) -> None:
    row = row_of(scim.new_user(active=True))
    make.give_role(row.membership.user, partner, make.GLOBAL_ADMIN)
    browser = signed_in(row.membership.user)
    body = {"schemas": [USER], "userName": f"nils@{DOMAIN}", "active": False}
    before = said(scim.get(f"/Users/{row.pk}"))
    for answer in (off(scim, str(row.pk)), scim.put(f"/Users/{row.pk}", body), scim.delete(f"/Users/{row.pk}")):
        assert answer.status_code == 409 and "last active global admin" in said(answer)["detail"]
    assert said(scim.get(f"/Users/{row.pk}")) == before
    assert browser.get("/notices/").status_code == 200
    make.person("Gunnar Lind", partner, make.GLOBAL_ADMIN)
    assert off(scim, str(row.pk)).status_code == 200


def test_a_new_address_moves_the_account_along(scim: Scim) -> None:
    row = row_of(scim.new_user(displayName="Nils Ek"))
    taken = make.UserFactory.create(email=f"taken@{DOMAIN}")

    def renamed(to: str) -> Any:
        return scim.patch(f"/Users/{row.pk}", {"op": "replace", "value": {"userName": to, "displayName": "Nils Ny"}})

    assert renamed("nils@gmail.example").status_code == 400
    assert (refused := renamed(taken.email)).status_code == 409 and said(refused)["scimType"] == "uniqueness"
    assert renamed(f"nils.ny@{DOMAIN}").status_code == 200
    person = User.objects.get(pk=row.membership.user_id)
    assert (person.email, person.name) == (f"nils.ny@{DOMAIN}", "Nils Ny")
    mail = EmailAddress.objects.get(user=person)
    assert (mail.email, mail.verified, mail.primary) == (person.email, True, True)


def test_one_partners_directory_cant_take_over_an_account_at_another(scim: Scim, other_partner: Partner) -> None:
    elsa = make.UserFactory.create(name="Elsa", email=f"elsa@{DOMAIN}")
    make.give_role(elsa, other_partner, make.GLOBAL_ADMIN)
    row = row_of(scim.new_user(elsa.email))
    answer = scim.patch(f"/Users/{row.pk}", {"op": "replace", "path": "userName", "value": f"mallory@{DOMAIN}"})
    assert answer.status_code == 409
    scim.patch(f"/Users/{row.pk}", {"op": "replace", "path": "displayName", "value": "Mallory"})
    elsa.refresh_from_db()
    assert (elsa.email, elsa.name) == (f"elsa@{DOMAIN}", "Elsa")


def test_leaving_is_never_refused_for_a_domain_that_was_given_up(scim: Scim, directory: Directory) -> None:
    pk = said(scim.new_user())["id"]
    directory.domains.all().delete()
    assert off(scim, pk).status_code == 200


def test_without_single_sign_on_a_mail_says_how_to_sign_in_once(scim: Scim, directory: Directory) -> None:
    pk = said(scim.new_user(preferredLanguage="sv", active=False))["id"]
    assert not Mail.objects.filter(kind="provisioned").exists()
    for active in (True, False, True):
        scim.patch(f"/Users/{pk}", {"op": "replace", "path": "active", "value": active})
    mail = Mail.objects.get(kind="provisioned")
    assert (mail.to, mail.language) == (f"nils@{DOMAIN}", "sv")
    assert mail.is_secret
    link = next(part for part in mail.text.split() if "/password/reset/key/" in part)
    page = Client().get("/" + link.partition("://")[2].partition("/")[2], follow=True)
    assert page.status_code == 200 and b'name="password1"' in page.content
    Directory.objects.update(issuer="https://id.example", client_id="x", is_sign_in_on=True)
    scim.new_user(f"nora@{DOMAIN}")
    assert Mail.objects.filter(kind="provisioned").count() == 1


def test_tags_keep_two_changes_apart(scim: Scim) -> None:
    pk = said(scim.new_user())["id"]
    assert scim.get(f"/Users/{pk}", If_None_Match='W/"1"').status_code == 304
    change = {"op": "replace", "path": "title", "value": "Chef"}
    assert scim.patch(f"/Users/{pk}", change, If_Match='W/"7"').status_code == 412
    done = scim.patch(f"/Users/{pk}", change, If_Match='W/"1"')
    assert done.status_code == 200 and done.headers["ETag"] == 'W/"2"'
    assert scim.patch(f"/Users/{pk}", change).headers["ETag"] == 'W/"2"', "the same again is no change"
    assert scim.put(f"/Users/{pk}", {"schemas": [USER], "userName": f"nils@{DOMAIN}"}, If_Match='"1"').status_code == 412
    assert scim.delete(f"/Users/{pk}", If_Match='W/"1"').status_code == 412
    assert scim.get(f"/Users/{pk}", If_None_Match='W/"1"').status_code == 200
    assert scim.delete(f"/Users/{pk}", If_Match='W/"2"').status_code == 204


def test_pages(scim: Scim) -> None:
    names = [f"p{number}@{DOMAIN}" for number in range(5)]
    for name in names:
        scim.new_user(name)
    pages = [said(scim.get(f"/Users?startIndex={start}&count=2")) for start in (1, 3, 5)]
    assert sorted(one["userName"] for page in pages for one in page["Resources"]) == names
    assert [page["itemsPerPage"] for page in pages] == [2, 2, 1]
    assert {(page["totalResults"], page["startIndex"]) for page in pages} == {(5, 1), (5, 3), (5, 5)}
    for nothing in ("count=0", "count=-1", "startIndex=99"):
        page = said(scim.get(f"/Users?{nothing}"))
        assert page["totalResults"] == 5 and page["itemsPerPage"] == 0
    assert said(scim.get("/Users?startIndex=-3&count=99999"))["itemsPerPage"] == 5
    assert scim.get("/Users?count=many").status_code == 400


def test_a_page_costs_the_same_whatever_it_holds(scim: Scim, django_assert_max_num_queries: Callable[..., Any]) -> None:
    for number in range(12):
        scim.new_user(f"p{number}@{DOMAIN}")
    with django_assert_max_num_queries(6):
        scim.get("/Users")


def test_every_act_is_in_the_audit_log_as_the_directorys(scim: Scim, gunnar: User) -> None:
    pk = said(scim.new_user())["id"]
    scim.patch(f"/Users/{pk}", {"op": "replace", "path": "title", "value": "Chef"})
    off(scim, pk)
    scim.delete(f"/Users/{pk}")
    entries = AuditEntry.objects.exclude(act__startswith="scim_token")
    assert {entry.actor_kind for entry in entries} == {"directory"}
    acts = list(entries.order_by("id").values_list("act", flat=True))
    assert acts == [
        "member_added", "person_provisioned", "provisioned_person_changed",
        "provisioned_person_changed", "member_suspended", "member_removed", "person_deprovisioned",
    ]  # fmt: skip
