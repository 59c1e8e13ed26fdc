"""A plain `manage.py COMMAND`: on the services that run for this clone, else on some that it starts for itself."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from types import FrameType

from django.core.exceptions import ImproperlyConfigured

from .children import LocalError
from .places import CLONE
from .services import borrowed

# They ask neither a database nor Redis.
_NEED_NOTHING = frozenset(
    {
        "help",
        "version",
        "check",
        "collectstatic",
        "compilemessages",
        "diffsettings",
        "findstatic",
        "makemessages",
        "messages",
        "startapp",
        "test",
    }
)


def run(argv: list[str], execute: Callable[[list[str]], None]) -> int:
    """Runs the command with `execute`. Returns the exit code. A setting that is missing or wrong is named, without a traceback."""
    try:
        return _run(argv, execute)
    except ImproperlyConfigured as error:
        print(error, file=sys.stderr)
        return 1


def _run(argv: list[str], execute: Callable[[list[str]], None]) -> int:
    if _is_configured():
        execute(argv)
        return 0
    os.environ.setdefault("DEBUG", "" if os.environ.get("DEMO") else "1")
    if len(argv) < 2 or argv[1] in _NEED_NOTHING or argv[1].startswith("-") or "--help" in argv:
        execute(argv)
        return 0
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
    try:
        with borrowed() as (environment, is_new):
            # What the running demonstration says (DEMO=1 among it) holds for this command too.
            if "DEMO" in environment:
                os.environ.pop("DEBUG", None)
            os.environ.update(environment)
            if is_new and argv[1] not in {"migrate", "makemigrations"}:
                print("A new local database; migrating it first.", file=sys.stderr)
                subprocess.run([sys.executable, str(CLONE / "manage.py"), "migrate", "--verbosity=0"], check=True)
            execute(argv)
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _is_configured() -> bool:
    """Whether somebody said which database to use, in the environment or in `.env`."""
    if os.environ.get("DATABASE_URL"):
        return True
    try:
        lines = (CLONE / ".env").read_text().splitlines()
    except OSError:
        return False
    return any(line.removeprefix("export ").startswith("DATABASE_URL=") for line in lines)


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
