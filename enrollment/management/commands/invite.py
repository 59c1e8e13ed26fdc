from typing import Any

from django.core.management.base import CommandError, CommandParser

from enrollment.models import InvitationWave, Program
from enrollment.services import waves
from enrollment.services.invitations import due, invite_due
from incentives_portal.core.commands import PortalCommand


class Command(PortalCommand):
    help = (
        "Invites every eligible location that has no live enrollment (rule INV-1), and goes on with the waves that run. What a "
        "wave holds, or a program that is invited in waves alone, is left to the wave. Repeatable: nobody is invited twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--program", action="append", metavar="CODE", help="only this program; may be repeated")
        parser.add_argument("--limit", type=int, metavar="N", help="invite N locations at most, waves aside")
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def run(self, **options: Any) -> dict[str, Any]:
        codes, limit = options["program"], options["limit"]
        if limit is not None and limit < 1:
            raise CommandError("--limit wants a number above zero.")
        unknown = set(codes or ()) - set(Program.objects.filter(code__in=codes or ()).values_list("code", flat=True))
        if unknown:
            raise CommandError(f"No program is called {', '.join(sorted(unknown))}. Codes are written as in the feed.")
        if options["dry_run"]:
            return self._counted(codes, limit)
        by_wave = 0 if codes else waves.send(by=self.actor)
        return {"invited": invite_due(by=self.actor, limit=limit, program_codes=codes), "by_waves": by_wave}

    def _counted(self, codes: list[str] | None, limit: int | None) -> dict[str, Any]:
        free, everything = due(), due(in_waves=True)
        if codes:
            free, everything = (rows.filter(program__code__in=codes) for rows in (free, everything))
        count = free.count()
        running = InvitationWave.objects.filter(state=InvitationWave.State.RUNNING).count()
        return {
            "dry_run": True,
            "would_invite": count if limit is None else min(count, limit),
            "left_to_waves": everything.count() - count,
            "running_waves": running,
        }
