import datetime as dt
from typing import Any

from django.core.management.base import CommandError, CommandParser

from incentives_portal.core.chain.checking import Findings, check
from incentives_portal.core.chain.digests import Head
from incentives_portal.core.commands import PortalCommand
from incentives_portal.core.models import Run

SENTENCES = {
    "removed": "entries were removed after they were sealed",
    "altered": "entries or their seals were altered or moved",
    "missing_seal": "places of the chain are missing",
    "inserted": "entries were written past the portal: they neither have a seal nor wait for one",
    "removed_unsealed": "entries were removed while they waited for their seal",
    "unsealed_for_long": "entries wait for their seal for too long: is a worker running?",
    "cut_off": "heads that the chain had are no longer in it: its tail was cut off or written anew",
    "key_gone": "key is gone, altered or can't be decrypted under FIELD_KEYS, so no digest could be checked",
    "unguarded": "triggers that guard the log are missing or switched off",
}


class Command(PortalCommand):
    help = (
        "Checks that nothing was removed from, altered in or inserted into the audit log (rule OPS-3), and prints its head. "
        "Keep the head somewhere else: with --since it shows whether the tail was cut off. Exit code 3 when the log is not whole."
    )
    exclusive = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            action="append",
            metavar="SEQUENCE:DIGEST",
            help="A head that was printed or logged earlier and must still be in the chain. May be given several times. "
            "The head of the last good check, from the ledger of runs, is always looked for.",
        )
        parser.add_argument("--minutes", type=int, default=15, metavar="N", help="How long an entry may wait for its seal: 15.")

    def run(self, **options: Any) -> dict[str, Any]:
        since = [_head(text) for text in options["since"] or ()]
        found = check(late_after=dt.timedelta(minutes=options["minutes"]), since=[*_last_good(), *since])
        return {"whole": found.whole, "head": str(found.head), "entries": found.head.sequence, "findings": _listed(found)}

    def show(self, result: dict[str, Any]) -> None:
        for kind, finding in result["findings"].items():
            self.stdout.write(f"{finding['count']} {SENTENCES[kind]}: {'; '.join(finding['named'])}")
        self.stdout.write(f"entries: {result['entries']}")
        self.stdout.write(f"head: {result['head']}")

    def complaint(self, result: dict[str, Any]) -> str:
        kinds = [f"{finding['count']} {SENTENCES[kind]}" for kind, finding in result["findings"].items()]
        return f"The audit log is not whole. {'; '.join(kinds)}." if kinds else ""


def _listed(found: Findings) -> dict[str, Any]:
    return {kind: {"count": count, "named": found.named[kind]} for kind, count in sorted(found.counts.items())}


def _head(text: str) -> Head:
    try:
        return Head.parse(text)
    except ValueError:
        raise CommandError(
            f"--since wants what an earlier check printed as its head, SEQUENCE:DIGEST; this is not one: {text}"
        ) from None


def _last_good() -> list[Head]:
    """The head that the ledger of runs remembers, so that a cut tail shows to whoever keeps none."""
    good = Run.objects.filter(command="check_audit", outcome=Run.Outcome.DONE).order_by("-id").first()
    return [Head.parse(good.result["head"])] if good and good.result else []
