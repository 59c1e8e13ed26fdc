from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from incentives_portal.core import outbox
from incentives_portal.core.commands import PortalCommand, UsageError


class Command(PortalCommand):
    help = (
        "Sends mails again that were given up (rule INV-6), with all their attempts and under the same Message-ID. "
        "Mend first what is named in their errors; --dry-run lists how many there are of each kind and error."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--id", type=UUID, action="append", default=[], metavar="ID", help="only this mail; may be repeated")
        parser.add_argument("--kind", default="", metavar="KIND", help="only mails of this kind, like invitation")
        parser.add_argument("--all", action="store_true", help="all that were given up")
        parser.add_argument("--dry-run", action="store_true", help="list them; change nothing")

    def run(self, **options: Any) -> dict[str, Any]:
        if not (options["id"] or options["kind"] or options["all"] or options["dry_run"]):
            raise UsageError("Say which mails: --id, --kind or --all.")
        dead = outbox.dead_letters(kind=options["kind"], ids=options["id"])
        if options["dry_run"]:
            found: dict[str, int] = {}
            for kind, error in dead.values_list("kind", "last_error"):
                found[f"{kind}: {error}"] = found.get(f"{kind}: {error}", 0) + 1
            return {"dry_run": True, "given_up": sum(found.values()), **found}
        return {"requeued": outbox.requeue(dead, by=self.actor)}
