from typing import Any

from django.core.management.base import CommandParser

from enrollment.ranges import cut
from enrollment.services import rollover
from incentives_portal.core.commands import PortalCommand
from incentives_portal.core.fiscal import FiscalYear

from ._program_manager import acting, add_by, fiscal_year


class Command(PortalCommand):
    help = (
        "Plans what becomes of every enrollment of a fiscal year when it ends (rule FIS-3). FY is the year that ENDS: "
        "`plan_rollover FY27` plans FY27 into FY28. Changes no enrollment; approve_rollover and apply_rollover come next."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("fiscal_year", metavar="FY", help="the fiscal year that ends, like FY27")
        parser.add_argument("--dry-run", action="store_true", help="count what a plan would say, and make none")
        add_by(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        year, by = fiscal_year(options["fiscal_year"]), acting(self, options["by"])
        with self.progress(f"Planning {year} into {year.next}", total=sum(1 for _ in cut())) as advance:
            if options["dry_run"]:
                return _result(year, {"verdicts": rollover.forecast(year, told=lambda: advance(1)), "reasons": {}})
            plan = rollover.plan(fiscal_year=year, by=by, told=lambda _done: advance(1))
        return {"plan": str(plan.pk), **_result(year, rollover.summary(plan))}

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['fiscal_year']} into {result['into']}: {result['lines']} enrollments")
        for name, number in [*result["verdicts"].items(), *result["reasons"].items()]:
            self.stdout.write(f"  {name.replace('_', ' '):<14}{number:>8}")
        self.stdout.write(f"Approve it with: approve_rollover {result['plan']}" if "plan" in result else "No plan was made.")


def _result(year: FiscalYear, counts: dict[str, dict[str, int]]) -> dict[str, Any]:
    return {"fiscal_year": str(year), "into": str(year.next), "lines": sum(counts["verdicts"].values()), **counts}
