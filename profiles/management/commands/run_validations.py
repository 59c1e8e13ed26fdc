from typing import Any

from django.core.management.base import CommandParser

from incentives_portal.core.commands import PortalCommand
from profiles.services import validations


class Command(PortalCommand):
    help = "Runs the automatic checks of submitted payout and tax profiles, and flags validations past their 48 hours."

    exclusive = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count what would be checked, flagged and escalated")

    def run(self, **options: Any) -> dict[str, Any]:
        if options["dry_run"]:
            return {"dry_run": True, **validations.counts_due()}
        counts = validations.check_due(by=self.actor)
        return counts | {
            "overdue": validations.flag_overdue(by=self.actor),
            "escalated": validations.escalate(by=self.actor),
        }

    def complaint(self, result: dict[str, Any]) -> str:
        return f"{result['failed']} validations could not be checked." if result.get("failed") else ""
