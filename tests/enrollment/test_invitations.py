"""Who is eligible is invited, and the right people hear of it, once (rules INV-1…3, INV-6)."""

import datetime as dt
import zlib

import pytest
from django.db import connection

from accounts.announcements import role_assigned
from accounts.models import Location, User
from enrollment.models import Enrollment, FiscalYearOffer, Invitation, Notice
from enrollment.services import daily
from enrollment.services.invitations import invite_due
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.models import Mail
from tests import factories as make
from tests.enrollment import journeys

pytestmark = [pytest.mark.django_db, pytest.mark.rule("INV-1")]


def test_each_incentives_admin_in_scope_gets_one_mail_and_one_notice(
    location: Location, ines: User, ulf: User, gunnar: User, otto: User
) -> None:
    ida = make.person("Ida Ek", location.partner, make.INCENTIVES_ADMIN, language="sv")
    row = journeys.invited(make.ProgramFactory.create(), location)
    assert row.status == "invited"
    assert set(Mail.objects.values_list("to", "language", "kind")) == {
        (ines.email, "en", "invitation"),
        (ida.email, "sv", "invitation"),
    }
    assert set(Notice.objects.values_list("user", "kind")) == {(ines.pk, "invitation"), (ida.pk, "invitation")}
    assert f"/incentives/{row.pk}/" in Mail.objects.get(to=ines.email).html


@pytest.mark.rule("INV-6")
def test_inviting_again_tells_nobody_again(location: Location, ines: User) -> None:
    journeys.invited(make.ProgramFactory.create(), location)
    for _ in range(3):
        daily.evaluate_and_invite()
        assert invite_due() == 0
    assert (Mail.objects.count(), Notice.objects.count(), Invitation.objects.count()) == (1, 1, 1)


@pytest.mark.rule("ACC-1")
def test_an_admin_of_another_location_or_program_hears_nothing(location: Location, second_location: Location, ines: User) -> None:
    make.person("Ida Ek", location.partner, make.INCENTIVES_ADMIN, second_location)
    other = make.UserFactory.create()
    make.give_role(other, location.partner, make.INCENTIVES_ADMIN, location, program_codes=["OTHER"])
    program = make.ProgramFactory.create(asks=[[{"kind": "country", "countries": ["SE"]}]])
    type(second_location).objects.filter(pk=second_location.pk).update(country="NO")
    journeys.invited(program, location)
    assert list(Mail.objects.values_list("to", flat=True)) == [ines.email]


@pytest.mark.rule("INV-2")
def test_without_an_incentives_admin_the_global_and_account_admins_are_asked_for_one(
    location: Location, gunnar: User, astrid: User
) -> None:
    journeys.invited(make.ProgramFactory.create(), location)
    assert set(Mail.objects.values_list("to", "kind")) == {(gunnar.email, "assign_admin"), (astrid.email, "assign_admin")}
    assert "/people/" in Mail.objects.get(to=gunnar.email).text


@pytest.mark.rule("INV-2", "INV-6")
def test_who_is_assigned_later_gets_the_invitation_then_and_once(location: Location, gunnar: User) -> None:
    row = journeys.invited(make.ProgramFactory.create(), location)
    user = make.UserFactory.create()
    assignment = make.give_role(user, location.partner, make.INCENTIVES_ADMIN, location)
    for _ in range(2):
        role_assigned.send(sender=None, assignment=assignment, by=gunnar)
    assert Mail.objects.filter(to=user.email, kind="invitation").count() == 1
    assert Notice.objects.filter(user=user, enrollment=row).count() == 1


@pytest.mark.rule("INV-3")
def test_a_program_that_is_open_to_all_invites_without_mail_or_notice(location: Location, ines: User) -> None:
    row = journeys.invited(make.ProgramFactory.create(open=True), location)
    assert row.status == "invited"
    assert not Mail.objects.exists()
    assert not Notice.objects.exists()
    assert not Invitation.objects.get().announced


def test_who_is_not_eligible_or_too_early_or_too_late_is_not_invited(location: Location, ines: User) -> None:
    today = clock.today()
    year = FiscalYear.of(today).ends_in
    for opens_on, closes_on in ((today + dt.timedelta(days=1), None), (None, today - dt.timedelta(days=1))):
        program = make.ProgramFactory.create(years=[])
        FiscalYearOffer.objects.create(program=program, fiscal_year=year, opens_on=opens_on, closes_on=closes_on)
        assert journeys.invited(program, location).reason == "not_open"
    unmet = make.ProgramFactory.create(asks=[[{"kind": "country", "countries": ["NO"]}]])
    assert journeys.invited(unmet, location).reason == "not_eligible"
    assert not Mail.objects.exists()


@pytest.mark.rule("INV-7")
def test_the_program_says_how_long_there_is_to_answer(location: Location, ines: User) -> None:
    row = journeys.invited(make.ProgramFactory.create(response_days=30), location)
    assert row.respond_by == clock.today() + dt.timedelta(days=30)
    assert row.requirements[0]["deadline"] == row.respond_by.isoformat()


def test_a_location_that_becomes_eligible_is_invited_by_the_nightly_run(location: Location, ines: User) -> None:
    Location.objects.update(membership_active=False)
    program = make.ProgramFactory.create()
    assert journeys.invited(program, location).reason == "not_eligible"
    Location.objects.update(membership_active=True)
    assert daily.evaluate_and_invite() == 1
    assert Enrollment.objects.get().status == "invited"


def test_two_nightly_runs_at_once_are_one(location: Location, ines: User) -> None:
    make.ProgramFactory.create()
    number, other = zlib.crc32(b"evaluate_and_invite"), connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [number])
            assert daily.evaluate_and_invite() == 0
            cursor.execute("SELECT pg_advisory_unlock(%s)", [number])
    finally:
        other.close()
    assert daily.evaluate_and_invite() == 1
