"""Things that happen at the same time."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

PATIENCE = 300


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """What came of jobs that begin together, in their order, each in a thread with connections of its own.

    What one of them raises fails the test, and so does one that comes to no end.
    """
    gate, found, wrong = threading.Barrier(len(jobs), timeout=PATIENCE), [None] * len(jobs), []

    def run(place: int, job: Callable[[], Any]) -> None:
        try:
            gate.wait()
            found[place] = job()
        except BaseException as fault:
            wrong.append(fault)
        finally:
            connection.close()

    # Daemons: one that hangs does not hold up the end of the tests.
    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "one came to no end"
    if wrong:
        raise wrong[0]
    return found
