"""Two clicks at once, by one person or by two: one wins, the other reads why, and no page breaks."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, Partner, RoleAssignment, User
from accounts.services import team_invitations
from enrollment.derivation import differences
from enrollment.models import Enrollment
from incentives_portal.core.models import AuditEntry, Mail
from profiles.models import PayoutProfile, PayoutProfileVersion, Validation
from tests import factories as make
from tests.enrollment import journeys
from tests.side_by_side import at_once

pytestmark = pytest.mark.django_db(transaction=True)
As = Callable[[User], Client]
Click = Callable[[], int]


def post(client: Client, address: str, /, *args: Any, **given: Any) -> Click:
    """A click, which says with what status it was answered."""
    return lambda: client.post(reverse(address, args=args), given).status_code


@pytest.mark.rule("INV-7")
@pytest.mark.parametrize("_round", range(5))
def test_accept_and_decline(_round: int, as_: As, location: Location, ines: User) -> None:
    row = journeys.invited(make.ProgramFactory.create(), location)
    one, other = as_(ines), as_(ines)
    assert at_once(post(one, "accept", row.pk), post(other, "decline", row.pk)) == [302, 302]
    row.refresh_from_db()
    assert bool(row.accepted_at) != bool(row.declined_at)
    assert AuditEntry.objects.filter(act__in=["enrollment.accepted", "enrollment.declined"]).count() == 1
    assert not differences()[1]


@pytest.mark.rule("ENR-2")
def test_submit_five_times(as_: As, location: Location, ines: User) -> None:
    row = journeys.accepted(make.ProgramFactory.create(), location, ines)
    chosen = {"payout_profile": journeys.bank(location, ines).pk, "tax_profile": journeys.tax(location, ines).pk, "currency": "SEK"}
    assert at_once(*(post(as_(ines), "enroll", row.pk, **chosen) for _ in range(5))) == [302] * 5
    row = Enrollment.objects.get(pk=row.pk)
    assert row.submitted_at
    assert Validation.objects.count() == 2
    assert AuditEntry.objects.filter(act="enrollment.submitted").count() == 1
    assert not differences()[1]


@pytest.mark.rule("PAY-4")
def test_two_edits_of_one_profile(as_: As, location: Location, ines: User) -> None:
    payout = journeys.bank(location, ines)

    def edit(iban: str) -> Click:
        given = {"name": payout.name, "payment_method": "bank_transfer", "bank_country": "SE", "account_holder": "N", "seen": "1"}
        return post(as_(ines), "payout_edit", payout.pk, **given, iban=iban, confirmed=journeys.stamp_of(payout, iban))

    assert sorted(at_once(edit("SE3550000000054910000003"), edit("SE7280000810340009783242"))) in ([200, 302], [302, 422])
    assert list(PayoutProfileVersion.objects.filter(profile=payout).order_by("number").values_list("number", flat=True)) == [1, 2]


@pytest.mark.rule("VAL-5")
@pytest.mark.parametrize("_round", range(3))
def test_approve_reject_and_edit(_round: int, as_: As, location: Location, ines: User, rita: User, roland: User) -> None:
    row = journeys.submitted(make.ProgramFactory.create(), location, ines)
    payout = PayoutProfile.objects.get()
    validation = Validation.objects.get(payout_version__profile=payout)
    changed = {"payment_method": "bank_transfer", "bank_country": "SE", "account_holder": "N", "iban": "SE3550000000054910000003"}
    changed["confirmed"] = journeys.stamp_of(payout, changed["iban"])
    found = at_once(
        post(as_(rita), "review_approve", validation.pk),
        post(as_(roland), "review_reject", validation.pk, reason_account_holder="other", note_account_holder="Wrong."),
        post(as_(ines), "payout_edit", payout.pk, name=payout.name, seen="1", **changed),
    )
    assert all(status < 500 for status in found)
    validation.refresh_from_db()
    assert validation.decision in {"approved", "rejected", "superseded"}
    assert AuditEntry.objects.filter(act__in=["validation.approved", "validation.rejected"]).count() == (
        validation.decision != "superseded"
    )
    row.refresh_from_db()
    # Whoever won: the account that nobody has looked at is not paid to.
    assert row.status != "enrolled"
    assert not differences()[1]


@pytest.mark.rule("ACC-4")
def test_two_global_admins_who_end_each_others_role(as_: As, partner: Partner, gunnar: User) -> None:
    greta = make.person("Greta Lund", partner, make.GLOBAL_ADMIN)
    at_once(
        post(as_(gunnar), "role_end", greta.memberships.get().pk, make.GLOBAL_ADMIN),
        post(as_(greta), "person_remove", gunnar.memberships.get().pk),
        post(as_(greta), "role_end", gunnar.memberships.get().pk, make.GLOBAL_ADMIN),
    )
    assert RoleAssignment.objects.filter(role=make.GLOBAL_ADMIN, ended_at=None, membership__suspended_at=None).count() == 1


@pytest.mark.rule("ACC-5")
def test_one_invitation_is_used_once(partner: Partner, gunnar: User) -> None:
    team_invitations.invite(partner=partner, email="n@x.example", role="incentives_user", entire_organization=True, by=gunnar)
    token = re.search(r"/join/([^/\s]+)/", Mail.objects.get().text)
    assert token
    given = {"name": "Nora Ny", "password": "a-long-enough-password"}
    found = at_once(*(post(Client(), "join", token[1], **given) for _ in range(4)))
    assert sorted(found)[0] == 302 and sorted(found).count(302) == 1
    assert all(status in {302, 410, 422} for status in found)
    assert User.objects.filter(email="n@x.example").count() == 1


@pytest.mark.rule("ACC-4")
def test_a_role_that_two_give_at_once_is_given_once(as_: As, gunnar: User, astrid: User, ulf: User, location: Location) -> None:
    member = ulf.memberships.get().pk
    given = {"where": "listed", "locations": [str(location.pk)], "seen": ""}
    found = at_once(*(post(as_(user), "role_edit", member, make.INCENTIVES_ADMIN, **given) for user in (gunnar, astrid)))
    assert all(status in {302, 422} for status in found) and 302 in found
    assert RoleAssignment.objects.filter(membership=member, role=make.INCENTIVES_ADMIN, ended_at=None).count() == 1
    assert AuditEntry.objects.filter(act="role_assigned").count() == 1
