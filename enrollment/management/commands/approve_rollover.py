from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from enrollment.errors import RefusedError
from enrollment.models import RolloverPlan
from enrollment.services import rollover
from incentives_portal.core.commands import PortalCommand
from incentives_portal.core.fiscal import FiscalYear

from ._program_manager import acting, add_by


class Command(PortalCommand):
    help = (
        "Approves a plan of plan_rollover, as a second program manager (rule FIS-3): name yourself with --by, or confirm with "
        "--yes that you are not who planned it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("plan", metavar="PLAN_ID", type=UUID, help="the id that plan_rollover printed")
        parser.add_argument("--yes", action="store_true", help="confirm without an account of the portal")
        add_by(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        if not (options["by"] or options["yes"]):
            raise CommandError("A plan is approved by a second program manager: name one with --by EMAIL, or confirm with --yes.")
        plan = RolloverPlan.objects.filter(pk=options["plan"]).first()
        if plan is None:
            raise CommandError(f"There is no plan {options['plan']}.")
        try:
            plan = rollover.approve(plan=plan, by=acting(self, options["by"]))
        except RefusedError as refused:
            raise CommandError(refused.message) from None
        return {"plan": str(plan.pk), "fiscal_year": str(FiscalYear(plan.fiscal_year)), **rollover.summary(plan)}
