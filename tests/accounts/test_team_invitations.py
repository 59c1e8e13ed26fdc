"""Joining by team invitation (rule ACC-5)."""

import datetime as dt
import hashlib
import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.actor import actor_for
from accounts.models import Location, Partner, TeamInvitation, User
from accounts.policy import NotAllowedError, Scope, can
from accounts.roles import Permission
from accounts.services import people, roles, team_invitations
from incentives_portal.core import audit, clock
from incentives_portal.core.models import AuditEntry, Mail
from tests import factories as make

pytestmark = pytest.mark.django_db
NEW = {"name": "Nora Ny", "password": "a-long-enough-secret"}


def token_of(mail: Mail) -> str:
    assert mail.is_secret
    found = re.search(r"/join/([^/\s]+)/", mail.text)
    assert found
    return found[1]


@pytest.fixture
def invitation(gunnar: User, partner: Partner, location: Location) -> TeamInvitation:
    return team_invitations.invite(
        partner=partner,
        email="Nora@Norrsken.example",
        role=make.INCENTIVES_ADMIN,
        entire_organization=False,
        locations=[location],
        language="sv",
        by=gunnar,
    )


@pytest.fixture
def token(invitation: TeamInvitation) -> str:
    return token_of(Mail.objects.get())


@pytest.mark.rule("ACC-5")
def test_the_token_is_kept_hashed_and_stands_in_the_mail_alone(invitation: TeamInvitation, token: str) -> None:
    mail = Mail.objects.get()
    assert bytes(invitation.token_hash) == hashlib.sha256(token.encode()).digest()
    assert mail.to == "nora@norrsken.example"
    assert mail.language == "sv"
    assert token in mail.html
    assert token not in mail.subject
    assert invitation.expires_at - clock.now() == dt.timedelta(days=7)
    kept = str(AuditEntry.objects.values()) + str(TeamInvitation.objects.values()) + mail.key
    assert token not in kept


@pytest.mark.rule("ACC-5")
def test_a_new_person_joins_with_the_role_that_was_offered(
    token: str, partner: Partner, location: Location, second_location: Any
) -> None:
    membership = team_invitations.accept(token=token, **NEW)
    actor = actor_for(membership.user)
    assert membership.user.name == "Nora Ny"
    assert membership.user.language == "sv"
    assert membership.user.check_password(NEW["password"])
    assert can(actor, Permission.ENROLL, Scope(partner.pk, location.pk))
    assert not can(actor, Permission.ENROLL, Scope(partner.pk, second_location.pk))


@pytest.mark.rule("ACC-5")
def test_it_works_once(token: str) -> None:
    person = team_invitations.accept(token=token, **NEW).user
    for by in (None, person):
        with pytest.raises(ValidationError) as refusal:
            team_invitations.accept(token=token, **NEW, by=by)
        assert refusal.value.code == "used"


@pytest.mark.rule("ACC-5")
def test_it_is_bound_to_the_address(token: str, otto: User) -> None:
    with pytest.raises(ValidationError) as refusal:
        team_invitations.accept(token=token, by=otto)
    assert refusal.value.code == "other_address"
    assert otto.memberships.count() == 1


@pytest.mark.rule("ACC-6")
def test_who_has_an_account_signs_in_first_and_then_belongs_to_both(token: str, other_partner: Partner, partner: Partner) -> None:
    nora = make.UserFactory.create(email="nora@norrsken.example")
    make.give_role(nora, other_partner, make.INCENTIVES_USER)
    with pytest.raises(ValidationError) as refusal:
        team_invitations.accept(token=token, **NEW)
    assert refusal.value.code == "sign_in"
    team_invitations.accept(token=token, by=nora)
    assert set(actor_for(nora).partners) == {partner, other_partner}


@pytest.mark.rule("ACC-5")
def test_it_ends_after_seven_days(token: str) -> None:
    with clock.moved_to(clock.now() + dt.timedelta(days=7, seconds=1)), pytest.raises(ValidationError) as refusal:
        team_invitations.accept(token=token, **NEW)
    assert refusal.value.code == "expired"


@pytest.mark.rule("ACC-5")
def test_a_second_invitation_withdraws_the_first(token: str, invitation: TeamInvitation, gunnar: User, partner: Partner) -> None:
    second = team_invitations.invite(
        partner=partner, email=invitation.email, role=make.ACCOUNT_ADMIN, entire_organization=True, by=gunnar
    )
    with pytest.raises(ValidationError):
        team_invitations.find(token)
    team_invitations.withdraw(invitation=second, by=gunnar)
    with pytest.raises(ValidationError):
        team_invitations.find(token_of(Mail.objects.exclude(to="").latest("created_at", "id")))
    assert not team_invitations.pending(partner).exists()


@pytest.mark.rule("ACC-3")
def test_it_offers_nothing_that_the_inviter_may_not_give(astrid: User, partner: Partner, other_location: Location) -> None:
    def invite(**terms: Any) -> None:
        team_invitations.invite(partner=partner, by=astrid, **{"email": "x@y.example", "entire_organization": True, **terms})

    with pytest.raises(NotAllowedError):
        invite(role=make.GLOBAL_ADMIN)
    with pytest.raises(ValidationError):
        invite(role=make.INCENTIVES_USER, entire_organization=False, locations=[other_location])
    with pytest.raises(ValidationError) as refusal:
        invite(role=make.INCENTIVES_USER, email=astrid.email)
    assert refusal.value.code == "member"
    assert not Mail.objects.exists()


@pytest.mark.rule("ACC-5")
def test_it_gives_nothing_once_the_inviter_may_not_give_it(token: str, gunnar: User, partner: Partner) -> None:
    make.person("Greta", partner, make.GLOBAL_ADMIN)
    people.remove(membership=gunnar.memberships.get(), by=gunnar)
    with pytest.raises(ValidationError) as refusal:
        team_invitations.accept(token=token, **NEW)
    assert refusal.value.code == "inviter"
    assert not User.objects.filter(email="nora@norrsken.example").exists()


def test_a_weak_password_and_a_missing_name_are_named(token: str) -> None:
    for given, field in (({**NEW, "password": "short"}, "password"), ({**NEW, "name": " "}, "name")):
        with pytest.raises(ValidationError) as refusal:
            team_invitations.accept(token=token, **given)
        assert field in refusal.value.message_dict


def test_an_invitation_by_a_command_gives_its_role(partner: Partner) -> None:
    team_invitations.invite(partner=partner, email="a@b.example", role=make.GLOBAL_ADMIN, entire_organization=True, by=audit.SYSTEM)
    person = team_invitations.accept(token=token_of(Mail.objects.get()), **NEW).user
    assert actor_for(person).holds(make.GLOBAL_ADMIN)
    assert roles.Terms.of(person.memberships.get().roles.get()).entire_organization
