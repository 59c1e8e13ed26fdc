"""Evaluates eligibility, program by program."""

import datetime as dt
from typing import Any

from django.core.management.base import CommandError, CommandParser

from enrollment.models import Program
from enrollment.services.evaluation import evaluate
from enrollment.services.opening import open_year
from incentives_portal.core import clock
from incentives_portal.core.commands import PortalCommand
from incentives_portal.core.fiscal import FiscalYear


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


class Command(PortalCommand):
    help = (
        "Decides for every program and location whether the requirements are met, keeps the decisions with their inputs, "
        "and adds the rows that the fiscal year still lacks. Counts per program the locations evaluated and eligible."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--on", type=_day, metavar="YYYY-MM-DD", help="ask about another day; the counts are printed and nothing is stored"
        )
        parser.add_argument("--program", action="append", metavar="CODE", help="only this program; may be repeated")

    def run(self, **options: Any) -> dict[str, Any]:
        codes, on = options["program"], options["on"]
        unknown = set(codes or ()) - set(Program.objects.filter(code__in=codes or ()).values_list("code", flat=True))
        if unknown:
            raise CommandError(f"No program is called {', '.join(sorted(unknown))}. Codes are written as in the feed.")
        self.asked_about = on
        counts = evaluate(by=self.actor, on=on, program_codes=codes)
        if on is None:
            # After the decisions, so that a new row is derived once, knowing them.
            open_year(fiscal_year=FiscalYear.of(clock.today()), by=self.actor)
        return {code: count.as_json() for code, count in counts.items()}

    def show(self, result: dict[str, Any]) -> None:
        for code, counts in result.items():
            self.stdout.write(f"{code}: {counts['eligible']} of {counts['evaluated']} locations are eligible")
        if self.asked_about:
            self.stdout.write(f"As of {self.asked_about}. Nothing was stored.")
