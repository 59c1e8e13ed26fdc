"""A portal of one's own for a measurement: PostgreSQL as it runs in production (fsync on), migrated, with nothing in it."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from incentives_portal.local.services import Services

# How children and what fills the database in see the portal.
AS_TESTED = {"TESTING": "1", "DJANGO_SETTINGS_MODULE": "incentives_portal.settings"}


@contextmanager
def services(*, throw_away: bool = False) -> Iterator["Services"]:
    """The services, in a folder of their own that goes with them; with `throw_away`, PostgreSQL doesn't wait for the disk."""
    # Not for the children that are measured, who import this too.
    from incentives_portal.local.places import Places
    from incentives_portal.local.services import Services

    root = Path(tempfile.mkdtemp(prefix="portal-bench-"))
    root.chmod(0o755)
    own = Services(Places(root), throw_away=throw_away)
    try:
        yield own.start()
    finally:
        own.stop()
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def running() -> Iterator[dict[str, str]]:
    """Starts the services, sets Django up on them and gives their environment."""
    with services() as own:
        environment = {**own.environment, **AS_TESTED}
        os.environ.update(environment)
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield environment


def let_go(workers: Sequence[Popen[str]]) -> float:
    """Has children begin at once: waits until each has said that it is ready, then tells them. Returns when, by `perf_counter`."""
    for one in workers:
        assert one.stdout and one.stdout.readline() == "ready\n"
    begun = time.perf_counter()
    for one in workers:
        assert one.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
    return begun
