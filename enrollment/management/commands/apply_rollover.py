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
        "continues FY27 into FY28. Can be killed and started again at any time; twice is the same as once. Several may run side "
        "by side, each on ranges of its own."
    )
    exclusive = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("fiscal_year", metavar="FY", help="the fiscal year that ended, like FY27")
        parser.add_argument("--dry-run", action="store_true", help="say what is left to do, and do nothing")
        add_by(parser)

    def run(self, **options: Any) -> dict[str, Any]:
        year, by = fiscal_year(options["fiscal_year"]), acting(self, options["by"])
        plan = RolloverPlan.objects.filter(fiscal_year=year.ends_in, approved_at__isnull=False).first()
        if plan is None:
            raise CommandError(
                f"No plan for {year} is approved: plan_rollover {year}, then approve_rollover by a second program manager."
            )
        named = {"plan": str(plan.pk), "fiscal_year": str(year), "into": str(year.next)}
        left = plan.ranges.filter(applied_at=None).count()
        try:
            rollover.must_be_due(plan)
            if options["dry_run"]:
                return {**named, "ranges": plan.ranges.count(), "ranges_left": left, **rollover.summary(plan)}
            with self.progress(f"Continuing {year} into {year.next}", total=left) as advance:
                applied = rollover.apply(plan=plan, by=by, told=lambda _done: advance(1))
        except RefusedError as refused:
            raise CommandError(refused.message) from None
        return {**named, **applied.as_json()}

    def complaint(self, result: dict[str, Any]) -> str:
        paused = RolloverPlan.objects.filter(pk=result["plan"], paused_at__isnull=False, applied_at=None).exists()
        return "The plan is paused. It goes on when somebody resumes it." if paused else ""
