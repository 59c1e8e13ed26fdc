from typing import Any

from django.core.management.base import CommandError, CommandParser

from enrollment.services.reminding import remind
from incentives_portal.core.commands import PortalCommand


class Command(PortalCommand):
    help = (
        "Reminds of invitations whose deadline is near, and passes on those that nobody opened or whose mails were refused "
        "(rule INV-7). The worker does it every hour. Repeatable: nobody is reminded of the same threshold twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def run(self, **options: Any) -> dict[str, Any]:
        done = remind(by=self.actor, dry_run=options["dry_run"])
        if done is None:
            raise CommandError("Another run is reminding at this moment.")
        return done.as_json() | ({"dry_run": True} if options["dry_run"] else {})
