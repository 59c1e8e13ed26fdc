from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError, CommandParser

from incentives_portal.core import audit, keys, rotation
from incentives_portal.core.commands import PortalCommand, UnderWayError, UsageError
from incentives_portal.core.locks import alone
from incentives_portal.core.rotation import Outcome
from incentives_portal.core.rotation.walk import NAMED, count


class Command(PortalCommand):
    help = (
        "Encrypts every stored secret anew that is not under the newest key of FIELD_KEYS, while the portal runs, and says which"
        " keys nothing needs any more. Can be killed at any time: the next run goes on. Values that can't be decrypted are named"
        " by table and row, and left alone."
    )
    exclusive = False  # of those that write, one at a time: see below

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--dry-run", action="store_true", help="Only count how many values stand under which key.")
        what.add_argument("--check", action="store_true", help="Decrypt every value, write nothing, and name those that can't be.")
        what.add_argument(
            "--fingerprints",
            action="store_true",
            help="Make the fingerprints of the blind index anew under the first BLIND_INDEX_KEY.",
        )
        parser.add_argument("--chunk", type=int, default=500, metavar="N", help="Values in one statement (default: 500).")

    def run(self, **options: Any) -> dict[str, Any]:
        if options["chunk"] < 1:
            raise UsageError("--chunk wants a number above zero")
        try:
            before = count()
        except ImproperlyConfigured as fault:
            raise CommandError(str(fault)) from None
        if options["dry_run"]:
            return _result(before, dry_run=True)
        if options["check"]:
            return _result(self._with_progress("decrypting", before.by_key.total(), rotation.check))
        with alone("rotate_keys") as free:
            if not free:
                raise UnderWayError("Keys are being rotated by another run at this moment.")
            return self._fingerprints(options) if options["fingerprints"] else self._rotate(before, options)

    def _rotate(self, before: Outcome, options: dict[str, Any]) -> dict[str, Any]:
        outcome = self._with_progress("encrypting anew", before.left, rotation.rotate, size=options["chunk"])
        result = _result(outcome)
        self._note("secrets.rotated", {"before": dict(before.by_key), "after": result})
        return result

    def _fingerprints(self, options: dict[str, Any]) -> dict[str, Any]:
        remade = self._with_progress("making fingerprints", None, rotation.refingerprint, size=options["chunk"])
        result = {
            "fingerprints": remade.looked_at,
            "rewritten": remade.rewritten,
            "passed_by": remade.passed_by,
            "unreadable": remade.unreadable,
            "index_keys": len(keys.index_keys()),
        }
        self._note("secrets.fingerprints_remade", {"after": result})
        return result

    def _note(self, act: str, words: dict[str, Any]) -> None:
        """One audit entry for a run, about the run."""
        names = ("unreadable_values", "by_place")
        after = {name: value for name, value in words["after"].items() if name not in names}
        audit.record(act, self.ledger_row, by=self.actor, before=words.get("before"), after=after)

    def _with_progress(self, words: str, total: int | None, verb: Any, **options: Any) -> Any:
        with self.progress(words, total=total) as advance:
            return verb(advance=advance, **options)

    def complaint(self, result: dict[str, Any]) -> str:
        if result.get("dry_run"):
            return ""
        if result["unreadable"]:
            return f"{result['unreadable']} values can't be decrypted; nobody can read them, and they were left as they are."
        if result.get("passed_by"):
            return f"{result['passed_by']} values were being changed each time; run this again."
        return ""


def _result(outcome: Outcome, *, dry_run: bool = False) -> dict[str, Any]:
    result: dict[str, Any] = {
        "newest": outcome.newest,
        "rewritten": outcome.rewritten,
        "left": outcome.left,
        "by_key": dict(outcome.by_key),
        "by_place": {label: dict(found) for label, found in outcome.by_place.items()},
        "keys_missing": outcome.missing,
        "keys_removable": outcome.removable,
    }
    if dry_run:
        return result | {"dry_run": True}
    named = outcome.unreadable[:NAMED]
    return result | {"passed_by": outcome.passed_by, "unreadable": len(outcome.unreadable), "unreadable_values": named}
