"""What a page takes while a worker rolls a fiscal year over, against the same page before and after.

    python -m bench.pages_meanwhile [ROWS]        # 150,000 enrollments unless told

One web worker and one worker on one PostgreSQL, as a small installation has them. The page is the overview of a partner of a dozen
locations, of the year that ends: its rows turn from enrolled to inactive meanwhile.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from bench import overview, rollover
from bench.overview import Page
from bench.portal import AS_TESTED, let_go, services

ROWS, BATCH = 150_000, 20
Times = list[tuple[float, float]]


def main() -> int:
    print(json.dumps(compare(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS), indent=2))
    return 0


def measure() -> list[dict[str, Any]]:
    """A line for the clock's time of a request and one for the web worker's CPU."""
    return compare(ROWS)


def compare(rows: int) -> list[dict[str, Any]]:
    with services() as own:
        os.environ.update(own.environment, **AS_TESTED)
        rollover.child(own.environment["DATABASE_URL"], "populate", str(rows))
        os.environ.update(overview.environment(own))  # takes the tests' word away again
        return _compared(own.environment)


def _compared(environment: dict[str, str]) -> list[dict[str, Any]]:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("collectstatic", verbosity=0, interactive=False)
    page = _page()
    with overview.server() as web:
        overview.meet(page)
        apart = _asked(page, web, _for(seconds=8))
        os.environ.update(AS_TESTED)
        worker = rollover.start(environment["DATABASE_URL"], "one worker")
        try:
            let_go([worker])
            meanwhile = _asked(page, web, lambda: worker.poll() is None)
            done = json.loads(worker.communicate()[0])
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
