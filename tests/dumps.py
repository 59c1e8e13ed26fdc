"""PostgreSQL's own programs for dump and restore, on the tests' database."""

import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from incentives_portal.local.children import LocalError
from incentives_portal.local.postgres import _binaries


def address(database: str = "") -> str:
    """The address of the tests' database, or of another on the same server, as its owner: who backs up reads all of it."""
    name = database or connection.settings_dict["NAME"]
    return urlunsplit(urlsplit(os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def run(program: str, *arguments: str, database: str = "") -> bytes:
    """What one of PostgreSQL's programs says. Skips the test where this machine doesn't have it."""
    try:
        path = _binaries(Path("/nonexistent"), for_user=None) / program
    except LocalError:
        pytest.skip(f"{program} comes with PostgreSQL's wheel, which is not installed")
    done = subprocess.run([path, f"--dbname={address(database)}", *arguments], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout
