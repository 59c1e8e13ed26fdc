from typing import Any

from django.core.management.base import CommandParser

from incentives_portal.core.commands import PortalCommand
from incentives_portal.core.models import Mail
from incentives_portal.core.outbox import send_due


class Command(PortalCommand):
    help = "Sends the mails that are due (rule INV-6). Can be stopped, or killed, at any time, and run several times at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--limit", type=int, metavar="N", help="Send N mails at most.")

    def run(self, **options: Any) -> dict[str, Any]:
        counts = send_due(limit=options["limit"])
        return {**counts.as_json(), "owed": Mail.objects.filter(state=Mail.State.OWED).count()}

    def complaint(self, result: dict[str, Any]) -> str:
        return "" if result["reachable"] else f"The mail server can't be reached; {result['owed']} mails wait for it."
