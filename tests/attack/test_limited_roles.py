"""Roles that list locations or programs, and roles that end while their holder looks at a page (rules ACC-1, ACC-4)."""

import datetime as dt
import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, Membership, Partner, RoleAssignment, User
from accounts.services import people, roles
from enrollment.models import Enrollment
from enrollment.services import enrolling
from incentives_portal.core import clock
from profiles.models import PayoutProfile
from profiles.services import defaults
from tests import factories as make
from tests.enrollment import journeys

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]


def limited(partner: Partner, *locations: Location, programs: list[str]) -> User:
    person = make.UserFactory.create(name="Pia Program")
    make.give_role(person, partner, make.INCENTIVES_ADMIN, *locations, program_codes=programs)
    return person


@pytest.mark.rule("ACC-1")
def test_who_is_limited_to_a_program_moves_no_money_of_another_one(as_: As, location: Location, ines: User) -> None:
    hers, another = make.ProgramFactory.create(), make.ProgramFactory.create()
    row = journeys.submitted(another, location, ines)
    assert row.payout_profile
    for pia in (limited(location.partner, programs=[hers.code]), limited(location.partner, location, programs=[hers.code])):
        client, edit = as_(pia), reverse("payout_edit", args=[row.payout_profile.pk])
        assert client.get(edit).status_code == 403
        assert client.post(edit, {"name": "Mine", "iban": "DE75512108001245126199"}).status_code == 403
        assert client.post(reverse("payout_archive", args=[row.payout_profile.pk])).status_code == 403
    both = limited(location.partner, location, programs=[hers.code, another.code])
    assert as_(both).get(reverse("payout_edit", args=[row.payout_profile.pk])).status_code == 200


@pytest.mark.rule("ACC-1")
def test_a_profile_that_another_location_uses_is_not_edited_from_this_one(
    as_: As, location: Location, second_location: Location, ines: User
) -> None:
    payout = journeys.bank(location, ines)
    edit = reverse("payout_edit", args=[payout.pk])
    assert as_(ines).get(edit).status_code == 200
    defaults.set_default(locations=[second_location], payout_profile=payout, currency="SEK", by=ines)
    assert as_(ines).get(edit).status_code == 403
    assert as_(ines).post(reverse("payout_archive", args=[payout.pk])).status_code == 403


@pytest.mark.rule("ACC-1")
def test_nor_is_one_that_she_put_into_a_colleagues_enrollment(as_: As, location: Location, gunnar: User, ines: User) -> None:
    """Choosing a profile gives no right to it, whoever submitted the enrollment."""
    row = journeys.submitted(make.ProgramFactory.create(), location, ines)
    colleagues = journeys.bank(location, gunnar, name="Gunnar's", identifiers={"iban": "SE7280000810340009783242"})
    pia = limited(location.partner, location, programs=[row.program.code])
    assert as_(pia).get(reverse("payout_edit", args=[colleagues.pk])).status_code == 403
    enrolling.choose(enrollment_id=row.pk, payout_profile=colleagues, tax_profile=row.tax_profile, currency=row.currency, by=pia)
    assert as_(pia).get(reverse("payout_edit", args=[colleagues.pk])).status_code == 403


@pytest.mark.rule("ACC-8")
def test_another_partners_things_are_not_chosen_by_their_ids(
    as_: As, location: Location, second_location: Location, ines: User, other_location: Location, otto: User
) -> None:
    row = journeys.accepted(make.ProgramFactory.create(), location, ines)
    foreign, elsewhere = journeys.bank(other_location, otto), journeys.tax(second_location, ines)
    foreign_tax = journeys.tax(other_location, otto)
    client, url = as_(ines), reverse("enroll", args=[row.pk])
    for chosen in (
        {"payout_profile": foreign.pk, "tax_profile": "", "currency": "SEK"},
        {"payout_profile": "", "tax_profile": elsewhere.pk, "currency": "SEK"},
        {"payout_profile": "", "tax_profile": foreign_tax.pk, "currency": "SEK"},
        {"payout_profile": uuid.uuid4(), "tax_profile": "\x00", "currency": "XXX"},
    ):
        assert client.post(url, chosen).status_code in {200, 422}
    row = Enrollment.objects.get(pk=row.pk)
    assert (row.payout_profile_id, row.tax_profile_id, row.submitted_at) == (None, None, None)


@pytest.mark.rule("ACC-8")
def test_another_partners_locations_are_nowhere_taken(
    as_: As, location: Location, second_location: Location, ines: User, gunnar: User, ulf: User, other_location: Location
) -> None:
    payout = journeys.bank(location, ines)
    client = as_(ines)
    for place in (other_location, second_location):
        given = {"payout_profile": payout.pk, "currency": "SEK", "locations": [place.pk]}
        assert "locations" in client.post(reverse("defaults"), given).context["form"].errors
        client.post(reverse("defaults"), {"clear": str(place.pk)})
        assert client.get(reverse("tax_new"), {"location": place.pk}).status_code == 404
    admin, member = as_(gunnar), ulf.memberships.get()
    listed = {"where": "listed", "locations": [other_location.pk], "language": "en"}
    grid = admin.post(reverse("role_edit", args=[member.pk, make.INCENTIVES_ADMIN]), listed)
    assert "locations" in grid.context["form"].errors
    invited = admin.post(reverse("invite_person"), listed | {"email": "n@x.example", "role": make.INCENTIVES_ADMIN})
    assert "locations" in invited.context["form"].errors
    assert not RoleAssignment.objects.filter(membership=member, role=make.INCENTIVES_ADMIN).exists()


@pytest.mark.rule("ACC-4")
def test_a_role_that_ends_or_expires_ends_in_the_middle_of_a_session(as_: As, location: Location, ines: User, gunnar: User) -> None:
    row = journeys.invited(make.ProgramFactory.create(), location)
    client = as_(ines)
    accept = reverse("accept", args=[row.pk])
    assert client.get(reverse("enrollment", args=[row.pk])).status_code == 200
    role = RoleAssignment.objects.get(membership__user=ines)
    RoleAssignment.objects.filter(pk=role.pk).update(expires_on=clock.today() - dt.timedelta(days=1))
    assert client.post(accept).status_code == 403
    RoleAssignment.objects.filter(pk=role.pk).update(expires_on=None)
    people.suspend(membership=ines.memberships.get(), by=gunnar)
    assert client.post(accept).status_code == 403
    people.restore(membership=ines.memberships.get(), by=gunnar)
    roles.end(assignment=role, by=gunnar)
    assert client.post(accept).status_code == 403
    row.refresh_from_db()
    assert row.accepted_at is None


@pytest.mark.rule("ACC-4")
def test_an_account_admin_rises_to_nothing(as_: As, partner: Partner, gunnar: User, astrid: User, ulf: User) -> None:
    client = as_(astrid)
    mine, his, above = (Membership.objects.get(user=user) for user in (astrid, ulf, gunnar))
    for membership in (mine, his, above):
        for role in (make.GLOBAL_ADMIN, make.ACCOUNT_ADMIN):
            assert client.post(reverse("role_edit", args=[membership.pk, role]), {}).status_code == 403
            assert client.post(reverse("role_end", args=[membership.pk, role])).status_code == 403
    for verb in ("person_suspend", "person_remove"):
        assert client.post(reverse(verb, args=[above.pk])).status_code == 403
    add = reverse("admin:accounts_roleassignment_add")
    client.post(add, {"membership": mine.pk, "role": make.GLOBAL_ADMIN, "entire_organization": "on"})
    client.post(
        reverse("admin:accounts_roleassignment_changelist"),
        {"action": "end_roles", "_selected_action": [above.roles.get().pk]},
    )
    invited = client.post(
        reverse("invite_person"), {"email": "n@x.example", "role": make.GLOBAL_ADMIN, "where": "organization", "language": "en"}
    )
    assert "role" in invited.context["form"].errors
    held = set(RoleAssignment.objects.filter(ended_at=None).values_list("membership__user__email", "role"))
    assert held == {(gunnar.email, "global_admin"), (astrid.email, "account_admin"), (ulf.email, "incentives_user")}


@pytest.mark.rule("ACC-8")
def test_a_service_refuses_another_partners_profile_too(
    location: Location, ines: User, other_location: Location, otto: User
) -> None:
    row = journeys.accepted(make.ProgramFactory.create(), location, ines)
    foreign: PayoutProfile = journeys.bank(other_location, otto)
    with pytest.raises(enrolling.RefusedError):
        enrolling.choose(enrollment_id=row.pk, payout_profile=foreign, tax_profile=None, currency="SEK", by=ines)
