"""The commands of the fiscal year and of the daily work: names, answers for machines, honest exit codes."""

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Location, User
from enrollment import tasks
from enrollment.models import Enrollment, Program, RolloverPlan
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.models import AuditEntry, Mail, Run
from incentives_portal.core.tasks import send_mail
from tests import factories as make
from tests.enrollment import journeys

pytestmark = [pytest.mark.django_db, pytest.mark.rule("OPS-1")]


@pytest.fixture
def program(db: None) -> Program:
    return make.ProgramFactory.create(currencies=["SEK"])


def answer(capsys: Any, *arguments: str) -> Any:
    call_command(*arguments, "--json")
    return json.loads(capsys.readouterr().out)


def test_invite(program: Program, location: Location, ines: User, capsys: Any) -> None:
    journeys.opened(program, location)
    assert answer(capsys, "invite") == {"invited": 1, "by_waves": 0}
    assert answer(capsys, "invite") == {"invited": 0, "by_waves": 0}
    assert Run.objects.filter(command="invite", outcome="done").count() == 2


@pytest.mark.rule("STA-1")
def test_check_statuses_agrees_and_finds_what_does_not(program: Program, location: Location, ines: User, capsys: Any) -> None:
    row = journeys.accepted(program, location, ines)
    assert answer(capsys, "check_statuses") == {"checked": 1, "differences": 0}
    Enrollment.objects.filter(pk=row.pk).update(status="inactive")
    with pytest.raises(CommandError) as refusal:
        call_command("check_statuses", "--json")
    assert refusal.value.returncode == 3
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"checked": 1, "differences": 1}
    assert str(row.pk) in printed.err


def test_check_statuses_sees_a_changed_requirement_too(program: Program, location: Location, ines: User) -> None:
    row = journeys.accepted(program, location, ines)
    Enrollment.objects.filter(pk=row.pk).update(requirements=[])
    with pytest.raises(CommandError):
        call_command("check_statuses")


@pytest.mark.rule("FIS-3")
def test_a_rollover_by_commands(
    program: Program, location: Location, ines: User, rita: User, petra: User, pelle: User, capsys: Any
) -> None:
    journeys.enrolled(program, location, ines, rita)
    year = FiscalYear.of(clock.today())
    planned = answer(capsys, "plan_rollover", str(year), "--by", petra.email)
    assert (planned["into"], planned["lines"]) == (str(year.next), 1)
    assert planned["verdicts"] == {"continue": 1, "hold": 0, "end": 0}
    with pytest.raises(CommandError, match="No plan for"):
        call_command("apply_rollover", str(year))
    with pytest.raises(CommandError, match="second program manager"):
        call_command("approve_rollover", planned["plan"])
    with pytest.raises(CommandError, match="second program manager"):
        call_command("approve_rollover", planned["plan"], "--by", petra.email)
    assert answer(capsys, "approve_rollover", planned["plan"], "--by", pelle.email)["fiscal_year"] == str(year)
    with pytest.raises(CommandError, match="not over yet"):
        call_command("apply_rollover", str(year))
    clock.move_to(clock.start_of(year.next.first_day))
    assert answer(capsys, "apply_rollover", str(year))["continued"] == 1
    assert answer(capsys, "apply_rollover", str(year))["continued"] == 0
    assert Run.objects.filter(command="apply_rollover", outcome="refused").count() == 2


@pytest.mark.rule("FIS-3")
def test_without_an_account_the_second_person_confirms(capsys: Any) -> None:
    plan = answer(capsys, "plan_rollover", "FY27")["plan"]
    call_command("approve_rollover", plan, "--yes")
    approval = AuditEntry.objects.get(act="rollover.approved")
    assert (approval.actor_kind, approval.actor_name.split()[0]) == ("command", "approve_rollover")
    assert RolloverPlan.objects.get().approved_at


@pytest.mark.parametrize(
    "arguments", [("plan_rollover", "next"), ("apply_rollover", "FY2"), ("plan_rollover", "FY27", "--by", "ines@x.example")]
)
def test_what_makes_no_sense_is_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        call_command(*arguments)


def test_who_is_no_program_manager_plans_nothing(rita: User) -> None:
    with pytest.raises(CommandError, match="no program manager"):
        call_command("plan_rollover", "FY27", "--by", rita.email)


@pytest.mark.rule("INV-6")
def test_send_mail(program: Program, location: Location, ines: User, smtp: Any, capsys: Any) -> None:
    journeys.invited(program, location)
    assert answer(capsys, "send_mail") == {"sent": 1, "later": 0, "dead": 0, "reachable": True, "owed": 0}
    (mail,) = smtp.mails(to=ines.email)
    assert mail["Subject"] == "Partner Incentive Enrollment Invitation"


def test_send_mail_says_when_the_mail_server_is_away(program: Program, location: Location, ines: User, settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 1
    journeys.invited(program, location)
    with pytest.raises(CommandError, match="1 mails wait"):
        call_command("send_mail")


def test_the_tasks_do_the_daily_work(program: Program, location: Location, ines: User, smtp: Any) -> None:
    tasks.evaluate_and_invite()
    tasks.rederive_due()
    send_mail()
    assert Enrollment.objects.get().status == "invited"
    assert Mail.objects.get().state == "sent"
