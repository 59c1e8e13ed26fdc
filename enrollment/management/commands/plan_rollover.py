from typing import Any

from django.core.management.base import CommandParser

from enrollment.services import rollover
from incentives_portal.core.commands import PortalCommand

from ._program_manager import acting, add_by, fiscal_year


class Command(PortalCommand):
    help = (
        "Plans what becomes of every enrollment of a fiscal year when it ends (rule FIS-3). FY is the year that ENDS: "
        "`plan_rollover FY27` plans FY27 into FY28. Changes no enrollment; approve_rollover and apply_rollover come next."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("fiscal_year", metavar="FY", help="the fiscal year that ends, like FY27")
        add_by(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        year = fiscal_year(options["fiscal_year"])
        plan = rollover.plan(fiscal_year=year, by=acting(self, options["by"]))
        counts = rollover.summary(plan)
        return {
            "plan": str(plan.pk),
            "fiscal_year": str(year),
            "into": str(year.next),
            "lines": sum(counts["verdicts"].values()),
            **counts,
        }

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['fiscal_year']} into {result['into']}: {result['lines']} enrollments")
        for name, number in [*result["verdicts"].items(), *result["reasons"].items()]:
            self.stdout.write(f"  {name.replace('_', ' '):<14}{number:>8}")
        self.stdout.write(f"Approve it with: approve_rollover {result['plan']}")
