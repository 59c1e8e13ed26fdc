"""Real Celery workers on the tests' database, to be killed."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection

from incentives_portal.local import processes


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A worker as it runs everywhere, on the tests' database; killed with all its children at the end."""
    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}"))
    process = subprocess.Popen(
        processes.here(processes.WORKER),
        cwd=settings.BASE_DIR,
        env=os.environ | {"TESTING": "1", "DATABASE_URL": url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
