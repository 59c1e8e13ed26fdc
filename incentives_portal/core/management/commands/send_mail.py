from typing import Any

from django.core.management.base import CommandParser

from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.commands import PortalCommand
from incentives_portal.core.models import Mail
from incentives_portal.core.outbox import send_due


class Command(PortalCommand):
    help = "Sends the mails that are due (rule INV-6). Can be stopped, or killed, at any time, and run several times at once."
    exclusive = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--limit", type=int, metavar="N", help="Send N mails at most.")
        parser.add_argument("--dry-run", action="store_true", help="Only count what is due and what is owed.")

    def run(self, **options: Any) -> dict[str, Any]:
        owed = Mail.objects.filter(state=Mail.State.OWED)
        due = owed.filter(due_at__lte=DatabaseNow())
        if options["dry_run"]:
            return {"dry_run": True, "due": due.count(), "owed": owed.count()}
        with self.progress("Sending", total=due.count()) as advance:
            counts = send_due(limit=options["limit"], advance=advance)
        return {**counts.as_json(), "owed": owed.count()}

    def complaint(self, result: dict[str, Any]) -> str:
        return "" if result.get("reachable", True) else f"The mail server can't be reached; {result['owed']} mails wait for it."
