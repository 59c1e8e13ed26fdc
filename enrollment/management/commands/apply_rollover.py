from typing import Any

from django.core.management.base import CommandError, CommandParser

from enrollment.errors import RefusedError
from enrollment.models import RolloverPlan
from enrollment.services import rollover
from incentives_portal.core.commands import PortalCommand

from ._program_manager import acting, add_by, fiscal_year


class Command(PortalCommand):
    help = (
        "Applies the approved plan of a fiscal year that is over (rule FIS-3). FY is the year that ENDED: `apply_rollover FY27` "
        "continues FY27 into FY28. Can be killed and started again at any time; twice is the same as once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("fiscal_year", metavar="FY", help="the fiscal year that ended, like FY27")
        add_by(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        year = fiscal_year(options["fiscal_year"])
        plan = RolloverPlan.objects.filter(fiscal_year=year.ends_in, approved_at__isnull=False).first()
        if plan is None:
            raise CommandError(
                f"No plan for {year} is approved: plan_rollover {year}, then approve_rollover by a second program manager."
            )
        try:
            applied = rollover.apply(plan=plan, by=acting(self, options["by"]))
        except RefusedError as refused:
            raise CommandError(refused.message) from None
        return {"plan": str(plan.pk), "fiscal_year": str(year), "into": str(year.next), **applied.as_json()}
