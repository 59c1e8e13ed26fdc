"""What a process reads once, read before its first request or task, and left alone by the garbage collector from then on."""

import gc
from typing import Any

from django.urls import get_resolver

# A page of rows makes some thousands of objects and drops them all: nothing is found by looking in between.
ROUNDS = (20_000, 10, 10)


def load_for_good(**_signal: Any) -> None:
    """Loads every view, which addresses in mails need too, and takes all that is loaded out of the garbage collector's rounds.

    Else a page of many rows waits for it to walk through all of Django, and a worker's first mail for all views. What is
    loaded before a server or worker forks, its processes share.
    """
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()
    gc.set_threshold(*ROUNDS)
