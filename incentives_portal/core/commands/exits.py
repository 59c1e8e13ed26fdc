"""How a command ends: with an exit code that a script can go by, and a sentence instead of a traceback (rule OPS-1).

0 done · 1 failed · 2 wrong usage · 3 refused, or done and something found that is wrong · 75 another run is under way, try
again later (`EX_TEMPFAIL` of sysexits) · 130 interrupted (143 by SIGTERM), as shells have it.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from django.conf import settings
from django.core.management.base import CommandError
from django.db import InterfaceError, OperationalError
from django.utils import translation
from django.utils.translation import gettext as _

FAILED, USAGE, REFUSED, UNDER_WAY, INTERRUPTED, TERMINATED = 1, 2, 3, 75, 130, 143


class UsageError(CommandError):
    """An argument that can't be meant."""

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=USAGE)


class UnderWayError(CommandError):
    """Another run of the same is under way."""

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=UNDER_WAY)


class Terminated(KeyboardInterrupt):
    """SIGTERM. Taken for Ctrl-C by the database driver, which then cancels its statement."""


@contextmanager
def in_words(command: str, *, traceback: bool = False) -> Iterator[None]:
    """Whatever ends the block ends the process with a sentence on standard error and an exit code.

    An error's own text may quote what was read, so its kind is said and no more; `traceback` lets it through.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    # A shell's background job would ignore Ctrl-C, and SIGTERM would leave no time to say so in the ledger.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    except KeyboardInterrupt as interruption:
        _say(_("%(command)s was interrupted. What it had finished by then is kept; run it again to go on.") % {"command": command})
        sys.exit(TERMINATED if isinstance(interruption, Terminated) else INTERRUPTED)
    except Exception as error:
        if traceback:
            raise
        _say(_sentence(command, error))
        sys.exit(FAILED)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _sentence(command: str, error: Exception) -> str:
    names = {"command": command, "error": type(error).__name__}
    if isinstance(error, OperationalError | InterfaceError):
        return _("%(command)s failed: the database does not answer, or ended the connection (%(error)s).") % names
    return _("%(command)s failed: %(error)s. With --traceback it says where.") % names


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


@contextmanager
def in_the_terminals_language() -> Iterator[None]:
    """What a command says is in the language of the setting COMMAND_LANGUAGE."""
    with translation.override(settings.COMMAND_LANGUAGE):
        yield
