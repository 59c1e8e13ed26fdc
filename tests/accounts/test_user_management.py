"""User management in the portal (rules ACC-2, ACC-4, ACC-6, ACC-7, ACC-8)."""

import html
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from accounts.actor import actor_for
from accounts.models import Location, Membership, Partner, RoleAssignment, TeamInvitation, User
from accounts.services import team_invitations
from incentives_portal.core import audit, clock
from incentives_portal.core.models import Mail
from tests import factories as make

CLOSED, SEEN = "This is not open to you", "You may see this, but not do it"
pytestmark = pytest.mark.django_db
As = Callable[[User], Client]


def role_url(user: User, role: str = make.INCENTIVES_ADMIN) -> str:
    return reverse("role_edit", args=[user.memberships.get().pk, role])


def person_url(user: User) -> str:
    return reverse("person", args=[user.memberships.get().pk])


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


@pytest.mark.rule("ACC-4")
def test_one_location_ticked_is_the_one_location_held(
    as_: As, gunnar: User, ulf: User, location: Location, second_location: Location
) -> None:
    client = as_(gunnar)
    page = client.get(role_url(ulf))
    for text in (
        location.mpn_id,
        location.name,
        second_location.mpn_id,
        "Entire organization",
        "One or more locations listed below",
    ):
        assert text in page.content.decode()

    answer = client.post(role_url(ulf), {"where": "listed", "locations": [location.pk], "expires_on": "2999-12-31"}, follow=True)

    assert answer.redirect_chain == [(person_url(ulf), 302)]
    role = RoleAssignment.objects.get(membership__user=ulf, role=make.INCENTIVES_ADMIN)
    assert list(role.locations.all()) == [location]
    assert str(role.expires_on) == "2999-12-31"
    assert location.name in answer.content.decode()


@pytest.mark.rule("ACC-4")
def test_a_refused_form_keeps_what_was_typed(
    as_: As, gunnar: User, ulf: User, location: Location, other_location: Location
) -> None:
    client = as_(gunnar)
    nothing = client.post(role_url(ulf), {"where": "listed", "expires_on": "2999-12-31"})
    assert nothing.status_code == 422
    assert "Choose at least one location" in nothing.content.decode()
    assert 'value="2999-12-31"' in nothing.content.decode()

    foreign = client.post(role_url(ulf), {"where": "listed", "locations": [other_location.pk, location.pk]})
    assert foreign.status_code == 422
    assert re.search(rf'value="{location.pk}"[^>]*checked', foreign.content.decode())
    assert other_location.name not in foreign.content.decode()

    past = client.post(role_url(ulf), {"where": "organization", "expires_on": "2001-01-01"})
    assert "The expiry date has passed" in past.content.decode()
    odd = client.post(role_url(ulf), {"where": "nowhere", "locations": ["x"], "expires_on": "soon", "seen": "\x00"})
    assert odd.status_code == 422
    assert not RoleAssignment.objects.filter(role=make.INCENTIVES_ADMIN).exists()


def test_a_stale_page_overwrites_nobody(as_: As, gunnar: User, ines: User, location: Location, second_location: Location) -> None:
    client = as_(gunnar)
    stale = {"where": "listed", "locations": [second_location.pk], "seen": str(uuid.uuid4())}
    answer = client.post(role_url(ines), stale)
    assert "Somebody else changed this role" in answer.content.decode()
    held = RoleAssignment.objects.get(membership__user=ines, ended_at=None)
    assert list(held.locations.all()) == [location]


def test_a_double_click_is_one_change(as_: As, gunnar: User, ulf: User, location: Location) -> None:
    client = as_(gunnar)
    for _ in range(2):
        assert client.post(role_url(ulf), {"where": "listed", "locations": [location.pk], "seen": ""}).status_code == 302
    assert RoleAssignment.objects.filter(membership__user=ulf, role=make.INCENTIVES_ADMIN).count() == 1
    end = reverse("role_end", args=[ulf.memberships.get().pk, make.INCENTIVES_ADMIN])
    assert "Ulf Berg: the role Incentives admin has ended." in said(client.post(end, follow=True))
    assert said(client.post(end, follow=True)) == ["This role had already ended."]


@pytest.mark.rule("ACC-4")
def test_the_last_global_admin_stays(as_: As, gunnar: User) -> None:
    client, me = as_(gunnar), gunnar.memberships.get()
    for address in (
        reverse("role_end", args=[me.pk, make.GLOBAL_ADMIN]),
        reverse("person_suspend", args=[me.pk]),
        reverse("person_remove", args=[me.pk]),
    ):
        assert "neither removed nor demoted" in said(client.post(address, follow=True))[0]
    expiring = client.post(role_url(gunnar, make.GLOBAL_ADMIN), {"expires_on": "2999-01-01", "seen": str(me.roles.get().pk)})
    assert "neither removed nor demoted" in expiring.content.decode()
    assert actor_for(gunnar).holds(make.GLOBAL_ADMIN)


@pytest.mark.rule("ACC-2")
def test_gaps_and_risks_show(
    as_: As, gunnar: User, astrid: User, ines: User, location: Location, second_location: Location
) -> None:
    for admin in (gunnar, astrid):
        page = as_(admin).get(reverse("people")).content.decode()
        assert "1 location has no active incentives admin" in page
        assert "1 location has a single incentives admin" in page
        assert second_location.name in page
        assert re.search(rf">{location.name}</a> · {ines.name}", page)


@pytest.mark.rule("ACC-2")
def test_a_change_that_opens_a_gap_says_so(as_: As, gunnar: User, ines: User) -> None:
    end = reverse("role_end", args=[ines.memberships.get().pk, make.INCENTIVES_ADMIN])
    assert "1 location has no active incentives admin now." in said(as_(gunnar).post(end, follow=True))


@pytest.mark.rule("ACC-7")
@pytest.mark.parametrize("name", ["people", "invite_person"])
def test_who_may_not_reads_who_can(
    as_: As, ulf: User, gunnar: User, astrid: User, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = as_(ulf).get(reverse(name))
    assert answer.status_code == 403
    assert gunnar.name in answer.content.decode()
    assert astrid.name in answer.content.decode()
    assert [(record.levelname, record.exc_info) for record in caplog.records] == [("WARNING", None)], "a refusal is no failure"


@pytest.mark.rule("ACC-7")
def test_an_account_admin_reads_that_global_admins_assign_admin_roles(as_: As, astrid: User, gunnar: User, ulf: User) -> None:
    answer = as_(astrid).get(role_url(ulf, make.ACCOUNT_ADMIN))
    assert answer.status_code == 403
    assert gunnar.name in answer.content.decode()
    assert as_(astrid).get(role_url(ulf)).status_code == 200


@pytest.mark.rule("ACC-7")
def test_the_operators_people_read_no_names_of_partners(as_: As, rita: User, gunnar: User) -> None:
    answer = as_(rita).get(reverse("people"))
    assert answer.status_code == 403
    assert gunnar.name not in answer.content.decode()


@pytest.mark.rule("ACC-7")
@pytest.mark.parametrize(
    ("cast", "address", "heading", "sentence"),
    [
        (
            "rita",
            "/people/",
            CLOSED,
            "“See people and their roles” is for a partner's own people, with the role Global admin / Account",
        ),
        (
            "rita",
            "/audit/",
            CLOSED,
            "“Read the audit log” is for a partner's own people, with the role Global admin / Account admin.",
        ),
        (
            "rita",
            "/admin/login/",
            CLOSED,
            "“Assign incentives roles” is for a partner's own people, with the role Global admin / Acc",
        ),
        (
            "rita",
            "/incentives/many/",
            SEEN,
            "“Accept, enroll, submit and decline” is for a partner's own people, with the role Incent",
        ),
        (
            "rita",
            "/programs/",
            CLOSED,
            "“Run programs, eligibility, invitations and rollover” is for people of Northwind Cloud with the r",
        ),
        (
            "root",
            "/profiles/",
            CLOSED,
            "“See payout and tax profiles” is for a partner's own people, with the role Incentives admin.",
        ),
        ("root", "/reviews/", CLOSED, "“Decide validations” is for people of Northwind Cloud with the role Reviewer."),
        (
            "nora",
            "/incentives/",
            CLOSED,
            "“See enrollments and statuses” is for a partner's own people, with the role Global admin / ",
        ),
        ("ulf", "/reviews/", CLOSED, "“Decide validations” is for people of Northwind Cloud with the role Reviewer."),
        ("ulf", "/people/invite/", CLOSED, "For “Assign incentives roles” one needs the role Global admin / Account admin."),
        ("ulf", "/incentives/many/", SEEN, "For “Accept, enroll, submit and decline” one needs the role Incentives admin."),
    ],
)
def test_the_refusal_says_whose_work_it_is(
    as_: As, cast: str, address: str, heading: str, sentence: str, request: pytest.FixtureRequest, petra: User, settings: Any
) -> None:
    settings.OPERATOR_NAME = "Northwind Cloud"
    outside = {
        "root": lambda: User.objects.create_superuser("root@operator.example", make.PASSWORD, name="Root"),
        "nora": lambda: make.UserFactory.create(name="Nora", email="nora@nowhere.example"),
    }
    user = outside[cast]() if cast in outside else request.getfixturevalue(cast)
    answer = as_(user).get(address)
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 403
    assert heading in page and sentence in page
    assert "the role ." not in page
    assert (petra.name in page) == (address == "/programs/"), "the operator's people are named to each other alone"


ADDRESSES = ["person", "person_suspend", "person_restore", "person_remove"]


@pytest.mark.rule("ACC-8")
def test_another_partners_person_answers_404(as_: As, gunnar: User, otto: User, other_partner: Partner, partner: Partner) -> None:
    """Otto, and the global admin beside him, whatever the address and the method."""
    gerda = make.person("Gerda Brandt", other_partner, make.GLOBAL_ADMIN)
    me = gunnar.memberships.get().pk
    invitation = team_invitations.invite(
        partner=partner, email="x@y.example", role=make.INCENTIVES_USER, entire_organization=True, by=gunnar
    )
    addresses = [reverse(name, args=[me]) for name in ADDRESSES]
    addresses += [reverse(name, args=[me, role]) for name in ("role_edit", "role_end") for role in make.PartnerRole.values]
    addresses += [reverse("team_invitation_withdraw", args=[invitation.pk])]
    client = as_(gerda)
    for address in addresses:
        assert {client.get(address).status_code, client.post(address).status_code} <= {404, 405}, address
        assert as_(otto).post(address).status_code in {403, 404, 405}, address
    assert client.post(reverse("switch_partner"), {"partner": partner.pk}).status_code == 404
    assert gunnar.name not in client.get(reverse("people")).content.decode()
    assert team_invitations.pending(partner).exists()
    assert actor_for(gunnar).holds(make.GLOBAL_ADMIN)


def test_signed_out_leads_to_sign_in_and_back(client: Client, ulf: User) -> None:
    answer = client.get(reverse("people"))
    assert answer.status_code == 302
    assert answer["Location"] == f"{reverse('account_login')}?next={reverse('people')}"


@pytest.mark.rule("ACC-5")
def test_inviting_and_joining(as_: As, gunnar: User, client: Client, location: Location, partner: Partner) -> None:
    page = as_(gunnar).post(
        reverse("invite_person"),
        {
            "emails": "Nora@x.example",
            "role": make.INCENTIVES_ADMIN,
            "where": "listed",
            "locations": [location.pk],
            "language": "en",
        },
        follow=True,
    )
    assert "nora@x.example" in page.content.decode()
    link = re.search(r"http\S+(/join/\S+/)", Mail.objects.get().text)
    assert link
    assert partner.legal_name in client.get(link[1]).content.decode()
    assert not Membership.objects.filter(user__email="nora@x.example").exists()

    weak = client.post(link[1], {"name": "Nora Ny", "password": "short"})
    assert weak.status_code == 422
    assert 'value="Nora Ny"' in weak.content.decode()

    client.post(link[1], {"name": "Nora Ny", "password": "a-long-enough-secret"})
    assert client.session["partner_id"] == str(partner.pk)
    nora = User.objects.get(email="nora@x.example")
    assert client.session["_auth_user_id"] == str(nora.pk)
    assert actor_for(nora).holds(make.INCENTIVES_ADMIN)
    assert client.get(link[1]).status_code == 410
    assert client.post(link[1]).status_code == 410


@pytest.mark.rule("ACC-5")
def test_somebody_elses_invitation_can_not_be_taken(as_: As, otto: User, gunnar: User, partner: Partner, client: Client) -> None:
    team_invitations.invite(
        partner=partner, email=gunnar.email.replace("gunnar", "nora"), role=make.GLOBAL_ADMIN, entire_organization=True, by=gunnar
    )
    link = re.search(r"http\S+(/join/\S+/)", Mail.objects.get().text)
    assert link
    assert "for another address" in as_(otto).get(link[1]).content.decode()
    assert as_(otto).post(link[1]).status_code == 422
    assert client.get("/join/not-a-token/").status_code == 410
    assert otto.memberships.count() == 1


@pytest.mark.rule("ACC-6")
def test_a_person_of_two_partners_switches(as_: As, gunnar: User, partner: Partner, other_partner: Partner) -> None:
    make.give_role(gunnar, other_partner, make.GLOBAL_ADMIN)
    client = as_(gunnar)
    for place in (other_partner, partner):
        assert client.post(reverse("switch_partner"), {"partner": place.pk}).status_code == 302
        assert place.legal_name in client.get(reverse("people")).context["actor"].partner.legal_name


def test_the_language_is_kept_with_the_person_or_in_a_cookie(as_: As, client: Client, gunnar: User) -> None:
    signed_in = as_(gunnar)
    answer = signed_in.post(reverse("set_language"), {"language": "sv", "next": reverse("people")})
    gunnar.refresh_from_db()
    assert (answer["Location"], gunnar.language) == (reverse("people"), "sv")
    assert 'lang="sv"' in signed_in.get(reverse("people")).content.decode()
    out = client.post(reverse("set_language"), {"language": "sv", "next": "https://evil.example/"})
    assert (out["Location"], out.cookies["django_language"].value) == ("/", "sv")
    assert client.post(reverse("set_language"), {"language": "xx"}).status_code == 400


def test_people_ask_the_database_a_fixed_number_of_times(
    as_: As, gunnar: User, ines: User, partner: Partner, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    client, address = as_(gunnar), reverse("people")
    with django_assert_max_num_queries(20) as few:
        client.get(address)
    places = make.LocationFactory.create_batch(30, partner=partner)
    for number in range(20):
        make.person(f"P{number} Person", partner, make.INCENTIVES_ADMIN, *places[number:])
        TeamInvitation.objects.create(
            partner=partner,
            email=f"p{number}@x.example",
            role=make.INCENTIVES_USER,
            token_hash=bytes([number]) * 32,
            expires_at=clock.now() + clock.dt.timedelta(1),
            invited_by=gunnar,
        )
    with django_assert_num_queries(len(few.captured_queries)):
        assert client.get(address).status_code == 200
    with django_assert_max_num_queries(14):
        client.get(role_url(gunnar))


def test_a_name_is_text(as_: As, gunnar: User, ulf: User) -> None:
    ulf.name = '<script>alert("x")</script>'
    ulf.save()
    for address in (reverse("people"), person_url(ulf), role_url(ulf)):
        page = as_(gunnar).get(address).content.decode()
        assert escape(ulf.name) in page
        assert ulf.name not in page


def test_a_person_shows_history_and_effective_permissions(as_: As, gunnar: User, ulf: User, location: Location) -> None:
    client = as_(gunnar)
    client.post(role_url(ulf), {"where": "listed", "locations": [location.pk]})
    page = client.get(person_url(ulf)).content.decode()
    assert "Role assigned: Incentives admin" in page
    assert "Accept, enroll, submit and decline" in page
    client.post(reverse("person_suspend", args=[ulf.memberships.get().pk]))
    page = client.get(person_url(ulf)).content.decode()
    assert "Nothing at present." in page
    assert audit.AuditEntry.objects.filter(act="member_suspended", actor_id=gunnar.pk).exists()


def test_the_history_calls_nobody_by_the_name_of_their_shell(as_: As, gunnar: User, ulf: User) -> None:
    role = ulf.memberships.get().roles.get()
    for name in ("import_feed (root)", "manage_roles (root)"):
        audit.record("role_assigned", role, by=audit.command(name), partner_id=role.partner_id, after={"role": role.role})
    page = as_(gunnar).get(person_url(ulf)).content.decode()
    assert "Membership system" in page and "manage_roles" in page and "(root)" not in page


def test_the_entire_organization_says_it_all(as_: As, gunnar: User, ulf: User, location: Location) -> None:
    as_(gunnar).post(role_url(ulf), {"where": "listed", "locations": [location.pk]})
    RoleAssignment.objects.filter(membership__user=ulf, role=make.INCENTIVES_USER).update(entire_organization=True)
    assert f"({location.mpn_id}); " not in as_(ulf).get(reverse("my_roles")).content.decode()
