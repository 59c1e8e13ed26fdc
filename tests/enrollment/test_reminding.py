"""Invitations that nobody answers: reminders by threshold, passing on, sending again, taking back (rules INV-6, INV-7)."""

import datetime as dt
import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Location, RoleAssignment, User
from enrollment.derivation import rederive_due
from enrollment.errors import RefusedError
from enrollment.models import Enrollment, FiscalYearOffer, Invitation, Notice, Program
from enrollment.services import invitations
from enrollment.services.reminding import Reminded, remind
from incentives_portal.core import clock
from incentives_portal.core.models import AuditEntry, Mail
from tests import factories as make
from tests.enrollment import journeys

pytestmark = [pytest.mark.django_db, pytest.mark.rule("INV-7")]
As = Callable[..., Client]


@pytest.fixture
def program(db: None) -> Program:
    return make.ProgramFactory.create(code="CSR", response_days=30)


def done(reminders: int = 0, passed_on: int = 0, nobody_left: int = 0) -> Reminded:
    return Reminded(reminders, passed_on, nobody_left)


def after(days: int) -> Any:
    return clock.moved_to(clock.now() + dt.timedelta(days=days))


def opened_by(user: User) -> None:
    Notice.objects.filter(user=user).update(opened_at=clock.now())


def reminders_of(user: User) -> int:
    return Mail.objects.filter(kind="reminder", to=user.email).count()


def test_each_threshold_reminds_once_in_the_persons_language(program: Program, location: Location, ines: User) -> None:
    ida = make.person("Ida Ek", location.partner, make.INCENTIVES_ADMIN, language="sv")
    row = journeys.invited(program, location)
    for user in (ines, ida):
        opened_by(user)
    found = []
    for day in (0, 15, 16, 17, 23, 24, 28, 29, 30, 31):
        with after(day):
            first, second = remind(), remind()
            assert first is not None and second == done()
            found.append(first.reminders)
    assert found == [0, 0, 2, 0, 2, 0, 2, 0, 0, 0]
    mail = Mail.objects.filter(kind="reminder", to=ida.email).first()
    assert mail is not None and mail.language == "sv" and f"/incentives/{row.pk}/" in mail.text
    assert Notice.objects.filter(user=ines, kind="reminder").count() == 3


def test_an_outage_is_caught_up_with_the_one_reminder_that_is_true(program: Program, location: Location, ines: User) -> None:
    journeys.invited(program, location)
    opened_by(ines)
    with after(29):
        assert remind() == done(reminders=1)
        assert remind() == done()
    assert reminders_of(ines) == 1


def test_a_threshold_that_had_passed_when_the_invitation_came_reminds_of_nothing(location: Location, ines: User) -> None:
    journeys.invited(make.ProgramFactory.create(response_days=7), location)
    opened_by(ines)
    assert remind() == done()
    with after(5):
        assert remind() == done(reminders=1)


def test_the_window_of_the_program_is_a_deadline_too(location: Location, ines: User) -> None:
    program = make.ProgramFactory.create()
    FiscalYearOffer.objects.filter(program=program).update(closes_on=clock.today() + dt.timedelta(days=20))
    journeys.invited(program, location)
    opened_by(ines)
    with after(7):
        assert remind() == done(reminders=1)
    text = Mail.objects.get(kind="reminder").text
    assert f"Answer by: {clock.today() + dt.timedelta(days=20):%-d %B %Y}" in text


@pytest.mark.rule("INV-3")
def test_nobody_is_reminded_of_what_is_answered_or_open_to_all(program: Program, location: Location, ines: User) -> None:
    journeys.accepted(program, location, ines)
    journeys.invited(make.ProgramFactory.create(open=True, response_days=30), location)
    with after(25):
        assert remind() == done()


@pytest.mark.rule("INV-2")
def test_without_an_incentives_admin_those_are_reminded_who_can_assign_one(
    program: Program, location: Location, gunnar: User
) -> None:
    journeys.invited(program, location)
    with after(16):
        assert remind() == done(reminders=1)
    assert Mail.objects.filter(to=gunnar.email, kind="assign_admin").count() == 2


def test_what_nobody_opened_goes_to_who_can_assign_another_admin(
    program: Program, location: Location, ines: User, gunnar: User, astrid: User
) -> None:
    row = journeys.invited(program, location)
    with after(13):
        assert remind() == done()
    with after(14):
        assert remind() == done(passed_on=1)
        assert remind() == done()
    told = Mail.objects.filter(kind="unanswered")
    assert {mail.to for mail in told} == {gunnar.email, astrid.email}
    assert reverse("location_people", args=[location.pk]) in told[0].text
    entry = AuditEntry.objects.get(act="invitation.passed_on")
    assert (entry.object_id, entry.after["why"]) == (str(row.pk), "unopened")


def test_before_the_deadline_it_is_passed_on_early(location: Location, ines: User, gunnar: User) -> None:
    journeys.invited(make.ProgramFactory.create(response_days=10), location)
    with after(4):
        assert remind() == done(reminders=1)
    with after(5):
        assert remind() == done(passed_on=1)


@pytest.mark.parametrize("how", ["notice", "link"])
def test_what_somebody_opened_stays_with_them(
    how: str, as_: As, program: Program, location: Location, ines: User, gunnar: User
) -> None:
    row = journeys.invited(program, location)
    if how == "notice":
        as_(ines).post(reverse("notice_open", args=[Notice.objects.get().pk]))
    else:
        as_(gunnar).get(reverse("enrollment", args=[row.pk]))  # wasn't told, so this says nothing
        assert Notice.objects.get().followed_at is None
        as_(ines).get(reverse("enrollment", args=[row.pk]))
        # The notice isn't dismissed by that.
        assert Notice.objects.get().opened_at is None
    with after(15):
        assert remind() == done()


def test_refused_mails_pass_it_on_at_once(program: Program, location: Location, ines: User, gunnar: User) -> None:
    ida = make.person("Ida Ek", location.partner, make.INCENTIVES_ADMIN)
    journeys.invited(program, location)
    Mail.objects.filter(to=ines.email).update(state=Mail.State.DEAD)
    assert remind() == done()  # Ida's may still arrive
    Mail.objects.filter(to=ida.email).update(state=Mail.State.DEAD)
    assert remind() == done(passed_on=1)
    assert AuditEntry.objects.get(act="invitation.passed_on").after == {"why": "refused", "told": ["Gunnar Lind"]}


def test_another_incentives_admin_comes_before_those_who_assign_one(
    program: Program, location: Location, ines: User, gunnar: User
) -> None:
    journeys.invited(program, location)
    # Given without the announcement that passes invitations on, as by raw SQL.
    ida = make.person("Ida Ek", location.partner, make.INCENTIVES_ADMIN)
    with after(14):
        assert remind() == done(passed_on=1)
    assert Mail.objects.filter(to=ida.email, kind="invitation").exists()
    assert not Mail.objects.filter(kind="unanswered").exists()


def test_where_nobody_is_left_that_is_counted(program: Program, location: Location, ines: User) -> None:
    journeys.invited(program, location)
    with after(14):
        assert remind() == done(nobody_left=1)
        assert remind() == done()


@pytest.mark.rule("OPS-1")
def test_the_commands_count_before_they_act(program: Program, location: Location, ines: User, gunnar: User) -> None:
    def said(*arguments: str) -> Any:
        out = StringIO()
        call_command(*arguments, "--json", stdout=out)
        return json.loads(out.getvalue())

    journeys.opened(program, location)
    assert said("invite", "--dry-run") == {"dry_run": True, "would_invite": 1, "left_to_waves": 0, "running_waves": 0}
    Program.objects.update(inviting="waves")
    assert said("invite", "--dry-run", "--program", "CSR")["left_to_waves"] == 1
    assert said("invite") == {"invited": 0, "by_waves": 0}
    Program.objects.update(inviting="daily")
    assert said("invite", "--limit", "5") == {"invited": 1, "by_waves": 0}
    with after(16):
        counted = said("remind_invitations", "--dry-run")
        assert counted == {"dry_run": True, "reminders": 1, "passed_on": 1, "nobody_left": 0}
        assert not Mail.objects.filter(kind="reminder").exists()
        assert said("remind_invitations") == {"reminders": 1, "passed_on": 1, "nobody_left": 0}
    for wrong in (("invite", "--limit", "0"), ("invite", "--program", "NOPE")):
        with pytest.raises(CommandError):
            call_command(*wrong)


@pytest.mark.rule("INV-6")
def test_sending_again_tells_everybody_once_an_hour(
    as_: As, petra: User, program: Program, location: Location, ines: User, ulf: User
) -> None:
    row = journeys.invited(program, location)
    path = reverse("invitation_resend", args=[row.pk])
    for _ in range(2):
        assert "sent again to Ines Duarte" in as_(petra).post(path, follow=True).content.decode()
    assert Mail.objects.filter(kind="invitation", to=ines.email).count() == 2
    with clock.moved_to(clock.now() + dt.timedelta(hours=1)):
        as_(petra).post(path)
    assert Mail.objects.filter(kind="invitation", to=ines.email).count() == 3
    RoleAssignment.objects.filter(role="incentives_admin").delete()
    assert "Nobody of this partner could be told" in as_(petra).post(path, follow=True).content.decode()


@pytest.mark.rule("STA-2")
def test_an_invitation_is_withdrawn_and_given_back(as_: As, petra: User, program: Program, location: Location, ines: User) -> None:
    row, client = journeys.invited(program, location), as_(petra)
    withdraw = reverse("invitation_withdraw", args=[row.pk])
    assert "Ines Duarte: On its way" in client.get(withdraw).content.decode()
    for _ in range(2):
        assert "The invitation is withdrawn." in client.post(withdraw, follow=True).content.decode()
    row.refresh_from_db()
    assert (row.status, row.reason, row.changes.last().cause) == ("inactive", "withdrawn", "invitation_withdrawn")
    # A mail that had not left never does, and nothing waits on the home page.
    assert not Mail.objects.exists() and not Notice.objects.exists()
    assert AuditEntry.objects.filter(act="invitation.withdrawn").count() == 1
    page = client.post(reverse("invitation_again", args=[row.pk]), follow=True).content.decode()
    assert "The location is invited again." in page
    row.refresh_from_db()
    assert row.status == "invited" and Invitation.objects.filter(withdrawn_at=None).count() == 1
    assert Mail.objects.get().to == ines.email


def test_what_was_answered_meanwhile_is_not_withdrawn(
    as_: As, petra: User, program: Program, location: Location, ines: User
) -> None:
    row = journeys.accepted(program, location, ines)
    page = as_(petra).post(reverse("invitation_withdraw", args=[row.pk]), follow=True).content.decode()
    assert "answered or has ended in the meantime" in page
    assert Enrollment.objects.get().status == "action_required"
    with pytest.raises(RefusedError):
        invitations.invite_again(enrollment_id=row.pk, by=petra)


def test_after_the_deadline_a_location_is_invited_again(program: Program, location: Location, ines: User, petra: User) -> None:
    row = journeys.invited(program, location)
    with after(31):
        rederive_due()
        assert Enrollment.objects.get().reason == "deadline_passed"
        invitations.invite_again(enrollment_id=row.pk, by=petra)
        row.refresh_from_db()
    assert row.status == "invited" and row.respond_by == clock.today() + dt.timedelta(days=61)


@pytest.mark.rule("INV-1")
def test_who_was_told_stands_on_the_page_for_those_whose_business_it_is(
    as_: As, program: Program, location: Location, ines: User, ulf: User, gunnar: User, petra: User, otto: User
) -> None:
    row = journeys.invited(program, location)
    path = reverse("enrollment", args=[row.pk])
    for state, words in (("owed", "On its way"), ("dead", "Refused by the mail server")):
        Mail.objects.update(state=state)
        for person in (gunnar, petra):
            page = as_(person).get(path).content.decode()
            assert "Who was told" in page and words in page and "Ines Duarte" in page and ines.email not in page
    assert "Who was told" not in as_(ulf).get(path).content.decode()
    assert "Withdraw" not in as_(gunnar).get(path).content.decode()
    assert as_(otto).get(path).status_code == 404
    assert "Opened" in (as_(ines).get(path), as_(petra).get(path))[1].content.decode()


@pytest.mark.rule("INV-5")
def test_following_the_link_changes_nothing_about_the_enrollment(as_: As, program: Program, location: Location, ines: User) -> None:
    row = journeys.invited(program, location)
    before = Enrollment.objects.values().get()
    as_(ines).get(reverse("enrollment", args=[row.pk]))
    assert Enrollment.objects.values().get() == before
    assert Notice.objects.get().opened_at is None


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize("who", ["gunnar", "ines", "rita"])
def test_nobody_else_sends_or_withdraws(
    who: str, as_: As, program: Program, location: Location, ines: User, request: pytest.FixtureRequest
) -> None:
    row, client = journeys.invited(program, location), as_(request.getfixturevalue(who))
    for name in ("invitation_resend", "invitation_withdraw", "invitation_again"):
        assert client.post(reverse(name, args=[row.pk])).status_code == 403
    row.refresh_from_db()
    assert row.status == "invited"
