"""A process that checks what is due and is killed at a named step: `python -m tests.profiles.dying <function>`."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import django
from django.conf import settings
from django.db import connection


def killed_at(function: str, told: Mapping[str, str]) -> None:
    """Lets a worker of its own, with `told` in its environment, come so far."""
    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}"))
    process = subprocess.run(
        [sys.executable, "-m", "tests.profiles.dying", function],
        cwd=settings.BASE_DIR,
        env=os.environ | told | {"TESTING": "1", "DATABASE_URL": url},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()


def die_at(name: str) -> None:
    """From here on, calling this function is the end of the process: nothing is rolled back by it, tidied up or logged."""
    module, _, function = name.rpartition(".")
    setattr(import_module(module), function, killed)


def killed(*args: Any, **kwargs: Any) -> Callable[..., Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


if __name__ == "__main__":
    django.setup()
    die_at(sys.argv[1])
    from profiles.services import validations

    validations.check_due()
