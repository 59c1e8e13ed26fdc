"""The frame of every management command (rule OPS-1): `--json`, one run at a time, the ledger of runs, honest exit codes.

A command implements `run(**options)`, which returns its result as a dict, and, where a person wants more than
`name: value` lines, `show(result)`.
"""

import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, TypeVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import Progress, track

from incentives_portal.core import audit, request_ids
from incentives_portal.core.locks import alone
from incentives_portal.core.models import Run

from . import exits, ledger
from .ledger import Entry

Item = TypeVar("Item")


class PortalCommand(BaseCommand):
    """A management command that answers people and machines, and leaves a row in the run ledger.

    Refusals are `CommandError`s. A run that finished but found something wrong says so by `complaint`.
    """

    # Whether a row in the ledger is kept. `health` reads only, and must answer without a database.
    recorded: ClassVar[bool] = True
    # Whether a second run at the same time is turned away. What only reads, or shares its work by row locks, needs no such thing.
    exclusive: ClassVar[bool] = True
    # The exit code of a complaint.
    complaint_code: ClassVar[int] = exits.REFUSED

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
        """What is wrong with this result, or nothing. With a complaint the exit code is 3."""
        return ""

    def told(self, result: dict[str, Any]) -> dict[str, Any]:
        """What is printed, where that is more than the ledger of runs may keep, such as a secret that is shown once."""
        return result

    @property
    def actor(self) -> audit.By:
        """This command as an actor of the audit log: its name and who ran it."""
        return audit.command(f"{self.name} ({ledger.os_user()})")

    @property
    def name(self) -> str:
        """The command's name, as typed after `manage.py`."""
        return type(self).__module__.rpartition(".")[2]

    def track(self, items: Iterable[Item], description: str, *, total: int | None = None) -> Iterable[Item]:
        """Iterates `items` with a progress bar on stderr, where a person looks at a terminal."""
        if self._as_json or not sys.stderr.isatty():
            return items
        return track(items, description, total=total, console=Console(stderr=True), transient=True)

    @contextlib.contextmanager
    def progress(self, description: str, *, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """The same for work that says by itself how far it is: gives a function that is called with how many more are done."""
        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=self._as_json or not console.is_terminal) as bar:
            task = bar.add_task(description, total=total)
            yield lambda count: bar.advance(task, count)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--json", action="store_true", help="Print the result as one JSON object, for machines.")
        return parser

    def run_from_argv(self, argv: list[str]) -> None:
        with exits.in_the_terminals_language(), exits.in_words(self.name, traceback="--traceback" in argv):
            super().run_from_argv(argv)

    def handle(self, *args: Any, **options: Any) -> None:
        self._as_json = bool(options.get("json"))
        with exits.in_the_terminals_language():
            with request_ids.one_act(), self._entered(options) as entry, self._alone(entry.row), _refusals_have_their_code():
                entry.result = self.run(**options)
                entry.complaint = self.complaint(entry.result)
            printed = self.told(entry.result)
            if self._as_json:
                self.show_json(printed)
            else:
                self.show(printed)
            if entry.complaint:
                raise CommandError(entry.complaint, returncode=self.complaint_code)

    _as_json = False
    # This run's row in the ledger, where one is kept.
    ledger_row: Run

    @contextlib.contextmanager
    def _entered(self, options: dict[str, Any]) -> Iterator[Entry]:
        if not self.recorded:
            yield Entry()
            return
        with ledger.entered(self.name, options) as entry:
            assert entry.row is not None
            self.ledger_row = entry.row
            yield entry

    @contextlib.contextmanager
    def _alone(self, row: Run | None) -> Iterator[None]:
        if not self.exclusive:
            yield
            return
        with alone(f"command {self.name}") as free:
            if not free:
                raise exits.UnderWayError(_under_way(self.name, ledger.under_way(self.name, but=row)))
            ledger.bury(self.name, but=row)
            yield


def _under_way(name: str, other: Run | None) -> str:
    if other is None:
        return _("Another run of %(command)s is under way. Wait for it to end.") % {"command": name}
    return _("Another run of %(command)s is under way, started at %(time)s by %(who)s. Wait for it to end.") % {
        "command": name,
        "time": f"{timezone.localtime(other.started_at):%H:%M:%S}",
        "who": other.started_by,
    }


@contextlib.contextmanager
def _refusals_have_their_code() -> Iterator[None]:
    """A `CommandError` that names no exit code is a refusal."""
    try:
        yield
    except CommandError as refusal:
        if refusal.returncode == exits.FAILED:
            refusal.returncode = exits.REFUSED
        raise
