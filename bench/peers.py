"""Our overview of 50 enrollments against My Checks of healthchecks with 50 checks, in one run.

    PEER_HEALTHCHECKS=/path/to/healthchecks python -m bench peers

The folder is a checkout with its requirements and gunicorn in `.venv`; its database is a throw-away SQLite. That works within
its web worker and ours, PostgreSQL, does not: so the CPU of our connection's process is counted with our page.
"""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import overview
from bench.overview import Page

NAME, TARGET, ROUNDS, PORT = "overview, 50 rows against healthchecks' My Checks, 50 checks", 5, 5, 8798
FILL = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.utils.timezone import now
from hc.accounts.models import Profile, Project
from hc.api.models import Check
user = User.objects.create(username="peer", email="peer@example.org")
Profile.objects.for_user(user)
project = Project.objects.create(owner=user, badge_key="peer", name="Peer")
for n in range(50):
    Check.objects.create(project=project, name=f"Check {n}", slug=f"check-{n}", tags="prod db", status="up", last_ping=now())
session = SessionStore()
session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), "hc.accounts.backends.EmailBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print("PEER", session.session_key, project.code)
"""


def measure() -> list[dict[str, Any]]:
    folder = os.environ.get("PEER_HEALTHCHECKS")
    if not folder:
        detail = "not measured: PEER_HEALTHCHECKS names no checkout"
        return [{"name": NAME, "ours": None, "reference": None, "ratio": None, "target": TARGET, "detail": detail}]
    with overview.portal() as pages, overview.server() as worker, healthchecks(Path(folder)) as (theirs, peer):
        ours = next(page for page in pages if page.name == overview.FIFTY)
        return [compared(ours, worker, peer, theirs)]


def compared(ours: Page, worker: int, peer: Page, theirs: int) -> dict[str, Any]:
    """Both lists in turn."""
    overview.meet(ours)
    backends, database = connections(), []
    for number in range(ROUNDS + 1):
        before = sum(map(overview.cpu, backends))
        own = overview.timed(ours, worker)
        beside = (sum(map(overview.cpu, backends)) - before) * 1000 / (ours.requests + 1)
        other = overview.timed(peer, theirs)
        if number:  # the first round warms up
            ours.taken.append(own + beside)
            database.append(beside)
            peer.taken.append(other)
    detail = f"of ours {statistics.median(database):.2f} in PostgreSQL; {ours.size / 1000:.0f} kB and {peer.size / 1000:.0f} kB"
    return overview.line(ours, peer) | {"name": NAME, "target": TARGET, "detail": detail}


def connections() -> list[int]:
    """PostgreSQL's processes that serve the web worker."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()")
        return [pid for (pid,) in cursor.fetchall()]


@contextmanager
def healthchecks(folder: Path) -> Iterator[tuple[int, Page]]:
    """One worker of it and its list, signed in."""
    with tempfile.TemporaryDirectory(prefix="peer-") as place:
        own = {"DB": "sqlite", "DB_NAME": f"{place}/peer.sqlite", "DEBUG": "False", "SECRET_KEY": "peer", "ALLOWED_HOSTS": "*"}
        environment = {"PATH": os.environ["PATH"], "HOME": place, "SITE_ROOT": f"http://127.0.0.1:{PORT}", **own}
        python = str(folder / ".venv" / "bin" / "python")

        def manage(*arguments: str) -> str:
            command = [python, "manage.py", *arguments]
            return subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout

        for arguments in (["migrate", "-v0"], ["collectstatic", "--noinput", "-v0"], ["compress", "--force"]):
            manage(*arguments)
        session, project = manage("shell", "-v0", "-c", FILL).rpartition("PEER ")[2].split()
        page = Page("My Checks", f"/projects/{project}/checks/", 8, {"Cookie": f"sessionid={session}"}, port=PORT)
        command = [python, "-m", "gunicorn", "hc.wsgi", f"--bind=127.0.0.1:{PORT}", "--workers=1", "--no-control-socket"]
        master = subprocess.Popen(command, cwd=folder, env=environment)
        try:
            wait_for(page)
            yield int(Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text().split()[0]), page
        finally:
            master.terminate()
            master.wait()


def wait_for(page: Page) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            overview.ask(page)
        except OSError:
            assert time.monotonic() < deadline, "the peer does not answer"
            time.sleep(0.2)
        else:
            return
