"""The overview of a partner with 4,800 enrollments against a signed-in view that says nothing.

    python -m bench.overview

A throw-away PostgreSQL, gunicorn with one sync worker and the settings of a deployment. The pages alternate in short rounds; each
figure is the median of the rounds, CPU in milliseconds of the web worker per request as the kernel counts it. A ratio is the
median of the rounds' own, since a shared machine is faster in one round and slower in the next. One of 0.4 says that the page costs
two and a half signed-in views.
"""

import base64
import http.client
import json
import os
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from bench.portal import services
from incentives_portal.local import processes
from incentives_portal.local.places import CLONE
from incentives_portal.local.services import Services

ROUNDS, PORT = 25, 8797
FIFTY = "overview, 50 rows"
# The ratios that are aimed at.
TARGETS = {
    FIFTY: 0.40,
    "overview, 50 rows, unchanged (304)": 0.90,
    "overview, 500 rows": 0.10,
    "signed-in view": 0.20,
}


@dataclass
class Page:
    """One address that is asked again and again."""

    name: str
    path: str
    requests: int
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    taken: list[float] = field(default_factory=list)
    size: int = 0
    queries: int = 0
    port: int = PORT

    @property
    def cpu(self) -> float:
        return statistics.median(self.taken)


def measure() -> list[dict[str, Any]]:
    """A line for each figure: name, ours and reference in milliseconds of CPU, their ratio, the target, and details."""
    with portal() as pages:
        return alternate(pages)


@contextmanager
def portal() -> Iterator[list[Page]]:
    """The services, the data, and what is asked."""
    with services(throw_away=True) as own:
        os.environ.update(environment(own))
        import django

        django.setup()
        yield prepare()


def environment(started: Services) -> dict[str, str]:
    """That of a deployment, with secrets of its own."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    own = {"SECRET_KEY": secrets.token_urlsafe(64), "FIELD_KEYS": f"k1:{key}", "BLIND_INDEX_KEY": key, "HTTPS": "0"}
    for name in ("DEMO", "DEBUG", "TESTING"):
        os.environ.pop(name, None)
    return {
        **started.environment,
        **own,
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "BENCH_STATIC": str(started.places.root / "static"),
        "LOG_LEVEL": "ERROR",
    }


def prepare() -> list[Page]:
    """The data, a session, and what is asked."""
    from django.core.management import call_command

    from bench.row_level_security import populate, run
    from incentives_portal.core import database_roles

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    people = populate()
    with database_roles.as_owner():
        run("VACUUM ANALYZE")
    cookie = {"Cookie": session_of(people["ines"])}
    location = people["ines"].memberships.get().partner.locations.first().pk
    signed_in = f"/bench/signed-in/?location={location}"
    return [
        Page("bare view", "/bench/bare/", 20),
        Page("signed-in view", signed_in, 20, cookie),
        Page(FIFTY, "/incentives/", 10, cookie),
        Page("overview, 50 rows, unchanged (304)", "/incentives/", 15, cookie, 304),
        Page("overview, 500 rows", "/incentives/?rows=500", 2, cookie),
    ]


def session_of(user: Any) -> str:
    """The cookie of somebody who signed in with a second factor."""
    from django.conf import settings
    from django.test import Client

    from tests.signing_in import sign_in

    return f"{settings.SESSION_COOKIE_NAME}={sign_in(Client(), user).session.session_key}"


def alternate(pages: list[Page]) -> list[dict[str, Any]]:
    """Asks for the pages in turn, forwards and backwards, and puts them in relation."""
    with server() as worker:
        for page in pages:
            meet(page)
            page.queries = count_queries(page)
        for number in range(ROUNDS + 1):
            for page in pages if number % 2 else pages[::-1]:
                taken = timed(page, worker)
                if number:  # the first round warms up
                    page.taken.append(taken)
    bare, signed_in, *ours = pages
    return [line(signed_in, bare), *(line(page, signed_in) for page in ours)]


def line(page: Page, reference: Page) -> dict[str, Any]:
    detail = f"{page.size / 1000:.1f} kB, {page.queries} queries, CPU ms {min(page.taken):.2f}-{max(page.taken):.2f}"
    return {
        "name": f"{page.name} against {reference.name}",
        "ours": round(page.cpu, 3),
        "reference": round(reference.cpu, 3),
        "ratio": round(statistics.median(theirs / own for theirs, own in zip(reference.taken, page.taken, strict=True)), 3),
        "target": TARGETS[page.name],
        "detail": detail,
    }


@contextmanager
def server() -> Iterator[int]:
    """gunicorn as in production but for one worker, whose process id is yielded."""
    command = [one for one in processes.here(processes.web(f"127.0.0.1:{PORT}")) if not one.startswith("--workers")]
    master = subprocess.Popen([*command, "--workers=1"], cwd=CLONE, env=os.environ)
    try:
        children = Path(f"/proc/{master.pid}/task/{master.pid}/children")
        deadline = time.monotonic() + 30
        while not answers():
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.2)
        yield int(children.read_text().split()[0])
    finally:
        master.terminate()
        master.wait()


def answers() -> bool:
    try:
        ask(Page("", "/bench/bare/", 1))
    except OSError:
        return False
    return True


def meet(page: Page) -> None:
    """Asks for the first time, as a browser does: it keeps the cookie that forms are checked by, and what the page is called."""
    response = ask(page)
    cookies = SimpleCookie(response.getheader("Set-Cookie") or "")
    given = [f"{name}={one.value}" for name, one in cookies.items()]
    if given:
        page.headers = page.headers | {"Cookie": "; ".join([page.headers.get("Cookie", ""), *given])}
    if page.status == 304:
        page.headers = page.headers | {"If-None-Match": response.getheader("ETag") or "none"}


def ask(page: Page) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=60)
    try:
        connection.request("GET", page.path, headers=page.headers)
        response = connection.getresponse()
        page.size = len(response.read())
        assert response.status in {200, page.status}, f"{page.path} answered {response.status}"
        if page.status == 304 and response.status == 200 and "If-None-Match" in page.headers:
            # Another minute is another page: times stand in it.
            page.headers = page.headers | {"If-None-Match": response.getheader("ETag") or "none"}
        return response
    finally:
        connection.close()


def timed(page: Page, worker: int) -> float:
    """Milliseconds of the worker's CPU per request."""
    ask(page)
    before = cpu(worker)
    for _ in range(page.requests):
        ask(page)
    return (cpu(worker) - before) * 1000 / page.requests


def cpu(pid: int) -> float:
    """Seconds that a process has run, to the nanosecond."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def count_queries(page: Page) -> int:
    """In this process, by the same view: statements of the page, the portal's word to the wall left out."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(SERVER_NAME="127.0.0.1", headers=page.headers)
    client.cookies.load(page.headers.get("Cookie", ""))
    client.get(page.path)
    with CaptureQueriesContext(connection) as captured:
        client.get(page.path)
    return len(captured)


def main() -> int:
    lines = measure()
    print(json.dumps(lines, indent=2) if "--json" in sys.argv else table(lines))
    return 0


def table(lines: list[dict[str, Any]]) -> str:
    rows = [
        f"| {one['name']} | {one['ours']:.2f} | {one['reference']:.2f} | {one['ratio']:.2f} | {one['target']} | {one['detail']} |"
        for one in lines
    ]
    return "\n".join(["| page | CPU ms | reference | ratio | target | detail |", "|---|---|---|---|---|---|", *rows])


if __name__ == "__main__":
    sys.exit(main())
