"""What all management commands of the portal share (rule OPS-1)."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from incentives_portal.core.commands import PortalCommand
from incentives_portal.core.models import Run

pytestmark = [pytest.mark.django_db, pytest.mark.rule("OPS-1")]


class Counting(PortalCommand):
    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--to", type=int, default=3)

    def run(self, *, to: int, **options: Any) -> dict[str, Any]:
        if to < 0:
            raise CommandError("can't count down")
        if to > 100:
            raise ZeroDivisionError("SE4550000000058398257466 is what it read")
        return {"counted": len(list(self.track(range(to), "counting")))}

    def complaint(self, result: dict[str, Any]) -> str:
        return "thirteen is unlucky" if result["counted"] == 13 else ""


def count(**options: Any) -> str:
    out = io.StringIO()
    call_command(Counting(), stdout=out, **options)
    return out.getvalue()


def test_a_person_reads_lines_and_a_machine_one_object() -> None:
    assert count() == "counted: 3\n"
    assert json.loads(count(json=True)) == {"counted": 3}


def test_the_ledger_knows_what_was_asked_by_whom_and_how_it_ended() -> None:
    count(to=5, json=True)
    run = Run.objects.get()
    assert (run.command, run.arguments, run.outcome, run.result) == ("test_commands", {"to": 5}, "done", {"counted": 5})
    assert run.started_by
    assert run.finished_at is not None


def test_a_refusal_is_kept_with_its_message() -> None:
    with pytest.raises(CommandError, match="can't count down"):
        count(to=-1)
    run = Run.objects.get()
    assert (run.outcome, run.result) == ("refused", {"message": "can't count down"})


def test_a_result_with_a_complaint_is_printed_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    out = io.StringIO()
    with pytest.raises(CommandError, match="unlucky") as failure:
        call_command(Counting(), to=13, json=True, stdout=out)
    assert failure.value.returncode == 3
    assert json.loads(out.getvalue()) == {"counted": 13}
    assert Run.objects.get().outcome == "failed"


def test_an_error_keeps_its_kind_and_nothing_that_it_quotes() -> None:
    with pytest.raises(ZeroDivisionError):
        count(to=101)
    run = Run.objects.get()
    assert (run.outcome, run.result) == ("failed", {"error": "ZeroDivisionError"})
