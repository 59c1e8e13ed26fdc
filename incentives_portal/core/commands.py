"""What every management command of the portal shares (rule OPS-1): `--json`, the run ledger, honest exit codes.

A command implements `run(**options)`, which returns its result as a dict, and, where a person wants more than
`name: value` lines, `show(result)`. Exit codes: 0 done, 1 refused or failed (the message on stderr), 2 wrong usage.
"""

import contextlib
import getpass
import json
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, TypeVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from rich.console import Console
from rich.progress import track

from incentives_portal.core import audit, request_ids
from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.models import Run

Item = TypeVar("Item")

# Django's own options say nothing about what was asked for.
_NOT_ARGUMENTS = frozenset(
    ["verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color", "skip_checks", "stdout", "stderr", "json"]
)


def os_user() -> str:
    """The operating system's name of who runs this, or its number where there is no name (containers)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


class PortalCommand(BaseCommand):
    """A management command that answers people and machines, and leaves a row in the run ledger.

    Refusals are `CommandError`s. A run that finished but found something wrong says so by `complaint`.
    """

    # Whether a row in the ledger is kept; `health` reads only, and must answer without a database.
    recorded: ClassVar[bool] = True

    def run(self, *args: Any, **options: Any) -> dict[str, Any]:
        """Does the work. The returned dict is what `--json` prints as one object."""
        raise NotImplementedError

    def show(self, result: dict[str, Any]) -> None:
        """Prints the result for a person."""
        for name, value in result.items():
            self.stdout.write(f"{name.replace('_', ' ')}: {value}")

    def show_json(self, result: dict[str, Any]) -> None:
        """Prints the result for a machine: one JSON object, beside which nothing else stands on stdout."""
        self.stdout.write(json.dumps(result, default=str, ensure_ascii=False))

    def complaint(self, result: dict[str, Any]) -> str:
        """What is wrong with this result, or nothing. With a complaint the exit code is 1."""
        return ""

    def told(self, result: dict[str, Any]) -> dict[str, Any]:
        """What is printed, where that is more than the ledger of runs may keep, such as a secret that is shown once."""
        return result

    @property
    def actor(self) -> audit.By:
        """This command as an actor of the audit log: its name and who ran it."""
        return audit.command(f"{self.name} ({os_user()})")

    @property
    def name(self) -> str:
        """The command's name, as typed after `manage.py`."""
        return type(self).__module__.rpartition(".")[2]

    def track(self, items: Iterable[Item], description: str, *, total: int | None = None) -> Iterable[Item]:
        """Iterates `items` with a progress bar on stderr, where a person looks at a terminal."""
        if self._as_json or not sys.stderr.isatty():
            return items
        return track(items, description, total=total, console=Console(stderr=True), transient=True)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--json", action="store_true", help="Print the result as one JSON object, for machines.")
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        self._as_json = bool(options.get("json"))
        with request_ids.one_act(), self._ledger(options) as ledger:
            result = ledger["result"] = self.run(**options)
            ledger["complaint"] = self.complaint(result)
        if self._as_json:
            self.show_json(self.told(result))
        else:
            self.show(self.told(result))
        if ledger["complaint"]:
            raise CommandError(ledger["complaint"])

    _as_json = False
    # This run's row in the ledger, where one is kept.
    ledger_row: Run

    @contextlib.contextmanager
    def _ledger(self, options: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Writes the run before it begins and its outcome whatever happens, kill -9 aside: that stays `running`."""
        ledger: dict[str, Any] = {"result": None, "complaint": ""}
        if not self.recorded:
            yield ledger
            return
        arguments = {name: value for name, value in options.items() if name not in _NOT_ARGUMENTS}
        run = self.ledger_row = Run.objects.create(command=self.name, arguments=_plain(arguments), started_by=os_user()[:200])
        try:
            yield ledger
        except CommandError as refusal:
            _finish(run, Run.Outcome.REFUSED, {"message": str(refusal)})
            raise
        except BaseException as error:
            # The error's text may quote what was read, so only its kind is kept.
            _finish(run, Run.Outcome.FAILED, {"error": type(error).__name__})
            raise
        _finish(run, Run.Outcome.FAILED if ledger["complaint"] else Run.Outcome.DONE, ledger["result"])


def _plain(value: Any) -> Any:
    """`value` as JSON can hold it; paths, dates and ids become text."""
    return json.loads(json.dumps(value, default=str))


def _finish(run: Run, outcome: Run.Outcome, result: Any) -> None:
    # With the database gone, the error that is under way says more than the ledger's own would.
    with contextlib.suppress(DatabaseError):
        Run.objects.filter(pk=run.pk).update(outcome=outcome, result=_plain(result), finished_at=DatabaseNow())
