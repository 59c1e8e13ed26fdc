"""A process that checks what is due and is killed at a named step: `python -m tests.profiles.dying <function>`."""

import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import django


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
