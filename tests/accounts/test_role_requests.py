"""Who can't act reads who can, asks them for the role, and gets an answer (rule ACC-7)."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.actor import actor_for
from accounts.models import Location, Membership, RoleAssignment, RoleRequest, User
from accounts.policy import NotAllowedError, Scope, can
from accounts.roles import Permission
from accounts.services import people
from accounts.services import role_requests as services
from incentives_portal.core import clock
from incentives_portal.core.models import AuditEntry, Mail
from tests import factories as make

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
HERE = {"role": make.INCENTIVES_ADMIN, "where": "listed", "words": "Kiruna is mine."}


def member(user: User) -> Membership:
    return user.memberships.get()


def asked(user: User, *places: Location, role: str = make.INCENTIVES_ADMIN, **terms: Any) -> RoleRequest:
    return services.ask(membership=member(user), role=role, entire_organization=not places, locations=places, by=user, **terms)


def mails(kind: str) -> set[str]:
    return set(Mail.objects.filter(kind=kind).values_list("to", flat=True))


def said(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


@pytest.mark.rule("ACC-7")
def test_the_page_that_says_no_leads_to_asking_and_the_answer_comes_by_mail(
    as_: As, gunnar: User, astrid: User, ulf: User, location: Location
) -> None:
    row = make.EnrollmentFactory.create(location=location)
    page = as_(ulf).get(reverse("enroll", args=[row.pk]))
    assert page.status_code == 403
    address = f"{reverse('role_ask')}?role=incentives_admin&amp;location={location.pk}"
    assert address in page.content.decode()
    form = as_(ulf).get(address.replace("&amp;", "&")).content.decode()
    assert f'value="{location.mpn_id}"' in form
    for admin in (gunnar, astrid):
        assert admin.name in form

    done = as_(ulf).post(reverse("role_ask"), {**HERE, "partner_ids": location.mpn_id}, follow=True)

    assert "You asked for the role Incentives admin" in said(done)
    assert mails("role_requested") == {gunnar.email, astrid.email}
    assert "Kiruna is mine." in Mail.objects.filter(kind="role_requested")[0].text
    assert "Not answered yet" in done.content.decode()
    request = RoleRequest.objects.get()
    people_page = as_(astrid).get(reverse("people")).content.decode()
    assert "Ulf Berg asks for Incentives admin" in people_page
    assert reverse("role_request_grant", args=[request.pk]) in people_page

    as_(astrid).post(reverse("role_request_grant", args=[request.pk]))

    assert can(actor_for(ulf), Permission.ENROLL, Scope(location.partner_id, location.pk))
    assert actor_for(ulf).holds(make.INCENTIVES_USER)
    assert mails("role_request_answered") == {ulf.email}
    assert not mails("role_changed")
    acts = set(AuditEntry.objects.values_list("act", flat=True))
    assert acts >= {"role_requested", "role_assigned", "role_request_granted"}
    assert "Request granted" in as_(ulf).get(reverse("my_roles")).content.decode()


@pytest.mark.rule("ACC-7")
def test_declined_and_withdrawn(as_: As, gunnar: User, ulf: User, location: Location) -> None:
    request = asked(ulf, location)
    as_(gunnar).post(reverse("role_request_decline", args=[request.pk]))
    assert "declined" in Mail.objects.get(kind="role_request_answered").text
    second = asked(ulf, location)
    as_(ulf).post(reverse("role_request_withdraw", args=[second.pk]))
    assert set(RoleRequest.objects.values_list("answer", flat=True)) == {"declined", "withdrawn"}
    for name in ("role_request_grant", "role_request_decline"):
        assert "answered or withdrawn in the meantime" in said(as_(gunnar).post(reverse(name, args=[second.pk]), follow=True))
    assert not actor_for(ulf).holds(make.INCENTIVES_ADMIN)


@pytest.mark.rule("ACC-7")
def test_nobody_withdraws_anothers(ulf: User, gunnar: User, location: Location) -> None:
    request = asked(ulf, location)
    with pytest.raises(PermissionDenied):
        services.withdraw(request=request, by=gunnar)
    assert RoleRequest.objects.get().answered_at is None


@pytest.mark.rule("ACC-7")
def test_one_open_at_a_time_and_five_a_day(as_: As, gunnar: User, ulf: User, location: Location, second_location: Location) -> None:
    first = asked(ulf, location)
    for place in (location, second_location):
        with pytest.raises(ValidationError) as refusal:
            asked(ulf, place)
        assert refusal.value.code == "open"
    with pytest.raises(IntegrityError), transaction.atomic():
        make.RoleRequestFactory.create(membership=member(ulf), role=make.INCENTIVES_ADMIN)
    services.withdraw(request=first, by=ulf)
    for _ in range(4):
        services.withdraw(request=asked(ulf, location), by=ulf)
    with pytest.raises(ValidationError) as refusal:
        asked(ulf, location)
    assert refusal.value.code == "many"
    with clock.moved_to(clock.now() + dt.timedelta(hours=25)):
        asked(ulf, location)
    page = as_(ulf).post(reverse("role_ask"), {**HERE, "partner_ids": location.mpn_id})
    assert page.status_code == 422
    assert "Kiruna is mine." in page.content.decode()


def test_what_is_held_already_or_makes_no_sense_is_refused(
    as_: As, ines: User, ulf: User, location: Location, other_location: Location
) -> None:
    with pytest.raises(ValidationError) as refusal:
        asked(ines, location, program_code="ONE")
    assert refusal.value.code == "held"
    for odd in (
        {**HERE},
        {**HERE, "partner_ids": other_location.mpn_id},
        {**HERE, "partner_ids": location.mpn_id, "role": "emperor"},
        {**HERE, "partner_ids": location.mpn_id, "words": "\u202etxet"},
        {**HERE, "partner_ids": location.mpn_id, "program_code": "NONE"},
        {"partner_ids": "\x00"},
    ):
        page = as_(ulf).post(reverse("role_ask"), odd)
        assert page.status_code == 422, odd
        assert other_location.name not in page.content.decode()
    assert not RoleRequest.objects.exists()


def test_granting_adds_to_what_is_held(gunnar: User, ines: User, location: Location, second_location: Location) -> None:
    day = clock.today() + dt.timedelta(days=9)
    RoleAssignment.objects.filter(membership__user=ines).update(expires_on=day, program_codes=["ONE"])
    granted = services.grant(request=asked(ines, second_location, program_code="TWO"), by=gunnar)
    assert set(granted.locations.all()) == {location, second_location}
    assert (granted.program_codes, granted.expires_on) == (["ONE", "TWO"], day)


@pytest.mark.rule("ACC-3")
def test_an_account_admin_grants_no_admin_role(as_: As, astrid: User, gunnar: User, ulf: User) -> None:
    request = asked(ulf, role=make.ACCOUNT_ADMIN)
    assert mails("role_requested") == {gunnar.email}
    for verb in (services.grant, services.decline):
        with pytest.raises(NotAllowedError):
            verb(request=request, by=astrid)
    for name in ("role_request_grant", "role_request_decline"):
        assert as_(astrid).post(reverse(name, args=[request.pk])).status_code == 403
    page = as_(astrid).get(reverse("role_request", args=[request.pk])).content.decode()
    assert gunnar.name in page
    assert reverse("role_request_grant", args=[request.pk]) not in page
    # An admin role isn't granted from a list.
    listed = as_(gunnar).get(reverse("people")).content.decode()
    assert reverse("role_request_grant", args=[request.pk]) not in listed
    assert reverse("role_request", args=[request.pk]) in listed


@pytest.mark.rule("ACC-8")
def test_another_partners_request_does_not_exist(as_: As, gunnar: User, ulf: User, otto: User, other_location: Location) -> None:
    theirs, ours = asked(otto, role=make.ACCOUNT_ADMIN), asked(ulf)
    for name in ("role_request", "role_request_grant", "role_request_decline"):
        assert as_(gunnar).post(reverse(name, args=[theirs.pk])).status_code in {404, 405}, name
    assert as_(gunnar).get(reverse("role_request", args=[theirs.pk])).status_code == 404
    assert as_(ulf).post(reverse("role_request_withdraw", args=[theirs.pk])).status_code == 404
    assert as_(gunnar).post(reverse("role_request_withdraw", args=[ours.pk])).status_code == 404
    assert as_(ulf).get(reverse("role_ask"), {"location": other_location.pk}).status_code == 404
    assert RoleRequest.objects.filter(answered_at=None).count() == 2


def test_who_was_suspended_asks_for_nothing(gunnar: User, ulf: User, location: Location) -> None:
    request = asked(ulf, location)
    people.suspend(membership=member(ulf), by=gunnar)
    assert not services.pending(location.partner).exists()
    with pytest.raises(ValidationError):
        services.grant(request=request, by=gunnar)


@pytest.mark.rule("ACC-7")
def test_my_roles_says_what_where_until_when_and_who_can_change_it(
    as_: As, gunnar: User, astrid: User, ines: User, rita: User, location: Location
) -> None:
    RoleAssignment.objects.filter(membership__user=ines).update(expires_on=dt.date(2999, 12, 31))
    page = as_(ines).get(reverse("my_roles")).content.decode()
    for text in ("Incentives admin", location.name, "31 Dec 2999", "Accept, enroll, submit and decline", gunnar.name, astrid.name):
        assert text in page, text
    assert "Configure single sign-on" not in page
    assert "Decide validations" in as_(rita).get(reverse("my_roles")).content.decode()
    assert as_(rita).get(reverse("role_ask")).status_code == 404
    newcomer = make.UserFactory.create(name="Nils Ny")
    assert "You belong to no partner" in as_(newcomer).get(reverse("my_roles")).content.decode()


@pytest.mark.rule("ACC-7")
def test_who_may_take_the_role_is_led_to_it(as_: As, gunnar: User, ines: User, ulf: User, location: Location) -> None:
    page = as_(gunnar).get(reverse("profiles")).content.decode()
    assert reverse("role_edit", args=[member(gunnar).pk, make.INCENTIVES_ADMIN]) in page
    assert reverse("my_roles") in as_(ulf).get(reverse("overview")).content.decode()
    assert reverse("my_roles") in as_(ulf).get(reverse("home")).content.decode()


@pytest.mark.rule("ACC-7")
def test_a_superuser_without_a_role_is_not_spoken_to_as_a_partner(as_: As, ulf: User) -> None:
    client = as_(User.objects.create_superuser("root@operator.example", make.PASSWORD, name="Root"))
    mine, home = (client.get(reverse(name)).content.decode() for name in ("my_roles", "home"))
    for page in (mine, home):
        main = page.partition('<main id="main"')[2].partition("</main>")[0]
        assert "You have no role in the portal" in main and reverse("admin:index") in main
        assert "your company" not in main and "of yours" not in main
    newcomer = make.UserFactory.create(name="Nora", email="nora@nowhere.example")
    assert "You have no role here" in as_(newcomer).get(reverse("home")).content.decode()
    assert "When a location of yours" in as_(ulf).get(reverse("home")).content.decode()
