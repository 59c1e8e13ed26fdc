from typing import Any

from incentives_portal.core.commands import PortalCommand
from profiles.services import validations


class Command(PortalCommand):
    help = "Runs the automatic checks of submitted payout and tax profiles, and flags validations past their 48 hours."

    def run(self, **options: Any) -> dict[str, Any]:
        counts = validations.check_due(by=self.actor)
        return counts | {
            "overdue": validations.flag_overdue(by=self.actor),
            "escalated": validations.escalate(by=self.actor),
        }

    def complaint(self, result: dict[str, Any]) -> str:
        return f"{result['failed']} validations could not be checked." if result["failed"] else ""
