#!/usr/bin/env python
"""Runs one command of the portal: `python manage.py help` lists them.

Without DATABASE_URL it runs on this clone's embedded services, with throw-away settings (incentives_portal/local/commands.py).
"""

import os
import sys
from pathlib import Path

VENV_PYTHON = Path(__file__).resolve().parent / ".venv" / "bin" / "python"


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "incentives_portal.settings")
    try:
        from django.core.management import execute_from_command_line
    except ModuleNotFoundError as error:
        if error.name != "django":
            raise
        # Called with a Python that has nothing installed: `make setup` has made one that has.
        if VENV_PYTHON.exists() and Path(sys.prefix) != VENV_PYTHON.parent.parent:
            os.execv(VENV_PYTHON, [str(VENV_PYTHON), *sys.argv])  # noqa: S606
        print("Django is not installed here; run `make setup` first.", file=sys.stderr)
        return 1
    from incentives_portal.local.commands import run

    return run(sys.argv, execute_from_command_line)


if __name__ == "__main__":
    sys.exit(main())
