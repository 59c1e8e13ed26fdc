"""The ledger of runs (rule OPS-1): a row before a command begins, and its outcome however it ends."""

import contextlib
import getpass
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError, connection

from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.models import Run

# Django's own options say nothing about what was asked for.
_NOT_ARGUMENTS = frozenset(
    ["verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color", "skip_checks", "stdout", "stderr", "json"]
)


@dataclass(slots=True)
class Entry:
    """What becomes of a run: its row where one is kept, its result, and what is wrong with that."""

    row: Run | None = None
    result: dict[str, Any] = field(default_factory=dict)
    complaint: str = ""


def os_user() -> str:
    """The operating system's name of who runs this, or its number where there is no name (containers)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


@contextlib.contextmanager
def entered(command: str, options: dict[str, Any]) -> Iterator[Entry]:
    """Writes the run before it begins and its outcome whatever happens. Only kill -9 leaves it `running`."""
    arguments = {name: value for name, value in options.items() if name not in _NOT_ARGUMENTS}
    entry = Entry(Run.objects.create(command=command, arguments=_plain(arguments), started_by=os_user()[:200]))
    assert entry.row is not None
    try:
        yield entry
    except CommandError as refusal:
        _finish(entry.row, Run.Outcome.REFUSED, {"message": str(refusal)})
        raise
    except KeyboardInterrupt:
        _finish(entry.row, Run.Outcome.STOPPED, None)
        raise
    except BaseException as error:
        # The error's text may quote what was read, so only its kind is kept.
        _finish(entry.row, Run.Outcome.FAILED, {"error": type(error).__name__})
        raise
    _finish(entry.row, Run.Outcome.FAILED if entry.complaint else Run.Outcome.DONE, entry.result)


def under_way(command: str, *, but: Run | None) -> Run | None:
    """The latest other run of the command that hasn't said how it ended."""
    others = Run.objects.filter(command=command, outcome=Run.Outcome.RUNNING)
    return (others.exclude(pk=but.pk) if but else others).order_by("-id").first()


def bury(command: str, *, but: Run | None) -> None:
    """Marks the runs that were killed. Call it holding the command's lock: then no other run is alive."""
    others = Run.objects.filter(command=command, outcome=Run.Outcome.RUNNING)
    (others.exclude(pk=but.pk) if but else others).update(
        outcome=Run.Outcome.STOPPED, result={"error": "killed"}, finished_at=DatabaseNow()
    )


def _plain(value: Any) -> Any:
    """`value` as JSON can hold it; paths, dates and ids become text."""
    return json.loads(json.dumps(value, default=str))


def _finish(run: Run, outcome: Run.Outcome, result: Any) -> None:
    # With the database gone, the error that is under way says more than the ledger's own would.
    with contextlib.suppress(DatabaseError):
        if not connection.in_atomic_block:
            # A connection that the server ended is replaced, so that a run that lost it still says how it ended.
            connection.close_if_unusable_or_obsolete()
        Run.objects.filter(pk=run.pk).update(outcome=outcome, result=_plain(result), finished_at=DatabaseNow())
