"""What a page takes while a worker rolls a fiscal year over, against the same page before and after.

    python -m bench.pages_meanwhile [ROWS]        # 150,000 enrollments unless told

One web worker and one worker on one PostgreSQL, as a small installation has them. The page is the overview of a partner of a dozen
locations, of the year that ends: its rows turn from enrolled to inactive meanwhile.
"""

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import overview, rollover
from bench.overview import Page

ROWS, BATCH = 150_000, 20
Times = list[tuple[float, float]]


def main() -> int:
    print(json.dumps(compare(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS), indent=2))
    return 0


def measure() -> list[dict[str, Any]]:
    """A line for the clock's time of a request and one for the web worker's CPU."""
    return compare(ROWS)


def compare(rows: int) -> list[dict[str, Any]]:
    from incentives_portal.local.places import Places
    from incentives_portal.local.services import Services

    root = Path(tempfile.mkdtemp(prefix="portal-bench-"))
    root.chmod(0o755)
    services = Services(Places(root))
    try:
        services.start()
        before = dict(os.environ)
        os.environ.update(services.environment, TESTING="1", DJANGO_SETTINGS_MODULE="incentives_portal.settings")
        rollover.child(services.environment["DATABASE_URL"], "populate", str(rows))
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(overview.environment(services, root))
        return _compared(services.environment, rows)
    finally:
        services.stop()
        shutil.rmtree(root, ignore_errors=True)


def _compared(environment: dict[str, str], rows: int) -> list[dict[str, Any]]:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("collectstatic", verbosity=0, interactive=False)
    page = _page()
    with overview.server() as web:
        overview.meet(page)
        apart = _asked(page, web, _for(seconds=8))
        os.environ.update(TESTING="1", DJANGO_SETTINGS_MODULE="incentives_portal.settings")
        worker = rollover.start(environment["DATABASE_URL"], "one worker")
        try:
            assert worker.stdout and worker.stdin and worker.stdout.readline() == "ready\n"
            worker.stdin.write("go\n")
            worker.stdin.flush()
            meanwhile = _asked(page, web, lambda: worker.poll() is None)
            done = json.loads(worker.stdout.read())
        finally:
            worker.kill()
        apart += _asked(page, web, _for(seconds=8))
    detail = f"ms of a request; {done['rows']} enrollments rolled over in {done['end'] - done['begin']:.0f} s"
    return [
        _line("a page while a worker rolls over, the clock's time", apart, meanwhile, 0, detail),
        _line("the same, CPU of the web worker", apart, meanwhile, 1, detail),
    ]


def _page() -> Page:
    """That of the incentives admin of a partner of a dozen locations."""
    from accounts.models import User
    from enrollment.models import RolloverPlan

    admin = User.objects.filter(name__startswith="Admin").exclude(name="Admin0 Berg").order_by("name").first()
    assert admin
    cookie = {"Cookie": overview.session_of(admin)}
    return Page("overview", f"/incentives/?year={RolloverPlan.objects.get().year}", BATCH, cookie)


def _for(*, seconds: float) -> Callable[[], bool]:
    until = time.monotonic() + seconds
    return lambda: time.monotonic() < until


def _asked(page: Page, web: int, go_on: Callable[[], bool]) -> Times:
    """Milliseconds of a request, batch by batch: by the clock, and of CPU."""
    found: Times = []
    while go_on():
        began = time.perf_counter()
        cpu = overview.timed(page, web)
        found.append(((time.perf_counter() - began) * 1000 / (page.requests + 1), cpu))
    return found


def _line(name: str, apart: Times, meanwhile: Times, place: int, detail: str) -> dict[str, Any]:
    alone, busy = (statistics.median(one[place] for one in times) for times in (apart, meanwhile))
    return {
        "name": name,
        "ours": round(busy, 2),
        "reference": round(alone, 2),
        "ratio": round(alone / busy, 2),
        "target": "≥ 0.90",
        "detail": detail,
    }


if __name__ == "__main__":
    sys.exit(main())
