"""What a fiscal year's rollover takes, against one raw statement that writes the same rows.

    python -m bench.rollover [ROWS] [ROUNDS]        # 50,000 enrollments and 3 rounds unless told

One PostgreSQL with default settings (fsync on). Each run has a database of its own, a copy of the same one, and its own
process, which logs in as the portal does. Times are the clock's; CPU is the process's and its backends', from /proc, and says
more on a machine that does other things meanwhile. Memory: the process's peak, and the backend's peak of memory of its own.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from bench.portal import AS_TESTED, let_go, services

RAW = """
WITH line AS (
    SELECT l.enrollment_id, l.verdict, l.reason FROM enrollment_rolloverline l WHERE l.plan_id = %(plan)s
), ended AS (
    UPDATE enrollment_enrollment e SET ended_at = portal_now(), status = 'inactive', derive_again_at = NULL, status_since = portal_now(),
        end_reason = CASE line.verdict WHEN 'end' THEN line.reason ELSE 'year_ended' END,
        reason = CASE line.verdict WHEN 'end' THEN line.reason ELSE 'year_ended' END,
        requirements = '[{"key": "closed", "turn": "met", "reason": "year_ended"}]'
    FROM line WHERE e.id = line.enrollment_id RETURNING e.*, line.verdict, old.requirements AS kept, old.status AS was
), heir AS (
    INSERT INTO enrollment_enrollment (id, partner_id, location_id, program_id, fiscal_year, invited_at, accepted_at, accepted_by_id,
        payout_profile_id, tax_profile_id, currency, submitted_at, submitted_by_id, end_reason, continued_from_id, status, reason,
        requirements, status_since)
    SELECT uuidv7(), partner_id, location_id, program_id, fiscal_year + 1, invited_at, accepted_at, accepted_by_id,
        payout_profile_id, tax_profile_id, currency, submitted_at, submitted_by_id, '', id, was, '', kept, portal_now()
    FROM ended WHERE verdict <> 'end' RETURNING *
), first AS (
    INSERT INTO enrollment_statuschange (enrollment_id, at, before, after, reason, cause)
    SELECT id, portal_now(), was, 'inactive', reason, 'year_ended' FROM ended
), second AS (
    INSERT INTO enrollment_statuschange (enrollment_id, at, before, after, reason, cause)
    SELECT id, portal_now(), '', status, '', 'continued' FROM heir
), third AS (
    INSERT INTO core_auditentry (at, actor_kind, actor_name, partner_id, act, object_type, object_id, object_name, after, request_id)
    SELECT portal_now(), 'system', 'portal', partner_id, 'enrollment.ended', 'enrollment.enrollment', id::text, 'PROG1 FY27 50000001',
        jsonb_build_object('reason', end_reason), gen_random_uuid() FROM ended
)
INSERT INTO core_auditentry (at, actor_kind, actor_name, partner_id, act, object_type, object_id, object_name, before, after, request_id)
SELECT portal_now(), 'system', 'portal', partner_id, 'enrollment.continued', 'enrollment.enrollment', id::text, 'PROG1 FY27 50000001',
    '{"year": "FY27"}', '{"year": "FY28"}', gen_random_uuid() FROM heir
"""


ROWS, ROUNDS = 50_000, 3


def main() -> int:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    print(json.dumps(compare(rows, rounds), indent=2))
    return 0


def measure() -> list[dict[str, Any]]:
    """The lines of `python -m bench`: one worker and two against the raw statement, and a loop over rows against one worker."""
    found = compare(ROWS, ROUNDS)
    raw, one, two = (found["medians"][name] for name in ("raw", "one worker", "two workers"))
    detail = f"of {found['rows']} enrollments with history and audit, {ROUNDS} rounds, process {one['process_mb']} MB, backend {one['backend_mb']} MB"
    return [
        _line("rollover, one worker against one raw statement", one, raw, "seconds", "≤ 1.05", detail),
        _line("the same, CPU", one, raw, "cpu", "≤ 1.05", detail),
        _line("rollover, two workers against one raw statement", two, raw, "seconds", "≤ 0.75", detail),
        {
            "name": "a loop over rows against one worker",
            "ours": one["seconds"],
            "reference": found["loop"],
            "ratio": round(found["loop"] / one["seconds"], 1),
            "target": "≥ 150",
            "detail": "seconds, the loop's from a sample",
        },
    ]


def _line(name: str, ours: dict[str, float], raw: dict[str, float], key: str, target: str, detail: str) -> dict[str, Any]:
    ratio = round(ours[key] / raw[key], 2)
    return {"name": name, "ours": ours[key], "reference": raw[key], "ratio": ratio, "target": target, "detail": f"seconds {detail}"}


def compare(rows: int, rounds: int) -> dict[str, Any]:
    """The medians of all ways of doing it."""
    with services() as own:
        return _compared(own.environment, rows, rounds)


def _compared(environment: dict[str, str], rows: int, rounds: int) -> dict[str, Any]:
    os.environ.update(environment, **AS_TESTED)
    child(environment["DATABASE_URL"], "populate", str(rows))
    found: dict[str, list[dict[str, float]]] = {"raw": [], "one worker": [], "two workers": []}
    for _ in range(rounds):
        for name in found:
            found[name].append(measured(environment, name))
            print(name, json.dumps(found[name][-1]), file=sys.stderr, flush=True)
    medians = {name: {key: statistics.median(run[key] for run in runs) for key in runs[0]} for name, runs in found.items()}
    loop = measured(environment, "loop")
    of_all = loop["seconds"] / loop["rows"] * medians["one worker"]["rows"]
    return {"rows": rows, "rounds": rounds, "medians": medians, "loop": round(of_all)}


def measured(environment: dict[str, str], way: str) -> dict[str, float]:
    """One way of doing it, in a copy of the database that is thrown away."""
    owner = environment["DATABASE_OWNER_URL"]
    with psycopg.connect(_at(owner, "postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS round")
        connection.execute("CREATE DATABASE round TEMPLATE portal")
        connection.execute("CHECKPOINT")
    number, way = (2, "one worker") if way == "two workers" else (1, way)
    ready = [start(_at(environment["DATABASE_URL"], "round"), way) for _ in range(number)]
    let_go(ready)
    results = [json.loads(one.communicate()[0]) for one in ready]
    return {
        "rows": sum(result["rows"] for result in results),
        "seconds": round(max(result["end"] for result in results) - min(result["begin"] for result in results), 2),
        "cpu": round(sum(result["cpu"] for result in results), 2),
        "process_mb": max(result["process_mb"] for result in results),
        "backend_mb": max(result["backend_mb"] for result in results),
    }


def _at(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def start(url: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "ignore", "-m", "bench.rollover", "--child", *arguments]
    return subprocess.Popen(
        command, env=os.environ | {"DATABASE_URL": url}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def child(url: str, *arguments: str) -> None:
    with start(url, *arguments) as process:
        process.communicate()
    assert process.returncode == 0, arguments


def work(way: str, *arguments: str) -> int:
    """The child: does one thing, and prints what it took."""
    import django

    django.setup()
    if way == "populate":
        prepare(int(arguments[0]))
        return 0
    from django.db import connection

    from enrollment.models import RolloverPlan
    from incentives_portal.core.loading import load_for_good

    load_for_good()  # as a worker does
    plan = RolloverPlan.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    watch = Watch(backend)
    print("ready", flush=True)
    sys.stdin.readline()
    began, cpu = time.time(), watch.cpu()
    watch.start()
    rows = WAYS[way](plan)
    result = {"rows": rows, "begin": began, "end": time.time(), "cpu": watch.cpu() - cpu}
    watch.stopped.set()
    watch.join()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(result | {"process_mb": round(peak), "backend_mb": round(watch.peak / 1024, 1)}))
    return 0


def prepare(rows: int, *, size: int | None = None) -> None:
    from django.core.management import call_command

    from bench.year_world import plan_and_wait_for_july, populate
    from incentives_portal.core import database_roles

    call_command("migrate", verbosity=0)
    began = time.perf_counter()
    populate(rows)
    print(f"filled in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    began = time.perf_counter()
    plan_and_wait_for_july(size=size)
    print(f"planned in {time.perf_counter() - began:.1f} s", file=sys.stderr)
    with database_roles.as_owner():
        from bench.year_world import run

        run("VACUUM ANALYZE")


def raw(plan: Any) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(RAW, {"plan": plan.pk})
    return int(plan.lines.count())


def rolled_over(plan: Any) -> int:
    from enrollment.services import rollover
    from incentives_portal.core.audit import SYSTEM

    return sum(rollover.apply(plan=plan, by=SYSTEM).as_json().values())


def one_by_one(plan: Any, *, sample: int = 150) -> int:
    """As it would be done without sets: each enrollment in a transaction of its own, by the services for single rows."""
    from django.db import transaction

    from enrollment.derivation import lock, settle
    from enrollment.models import Enrollment
    from enrollment.services.enrolling import start_validations
    from incentives_portal.core import audit, clock

    carried = ("invited_at", "accepted_at", "payout_profile", "tax_profile", "currency", "submitted_at")
    for line in plan.lines.filter(verdict="continue")[:sample]:
        with transaction.atomic():
            (old,) = lock([line.enrollment_id])
            old.ended_at, old.end_reason = clock.now(), "year_ended"
            settle([old], facts=("ended_at", "end_reason"), cause="year_ended", by=audit.SYSTEM)
            audit.record("enrollment.ended", old, by=audit.SYSTEM, after={"reason": old.end_reason})
            kept = {name: getattr(old, name) for name in carried}
            new = Enrollment.objects.create(
                partner=old.partner,
                location=old.location,
                program=old.program,
                fiscal_year=old.fiscal_year + 1,
                continued_from=old,
                **kept,
            )
            start_validations(new, by=audit.SYSTEM)
            settle([new], cause="continued", by=audit.SYSTEM)
            audit.record("enrollment.continued", new, by=audit.SYSTEM, before={"year": "FY27"}, after={"year": "FY28"})
    return sample


WAYS = {"raw": raw, "one worker": rolled_over, "loop": one_by_one}


class Watch(threading.Thread):
    """Looks at a backend while it works: its CPU, and its peak of memory that it shares with nobody."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak, self.stopped = pid, 0, threading.Event()

    def cpu(self) -> float:
        """Seconds of this process and of the backend."""
        return time.process_time() + int(Path(f"/proc/{self.pid}/schedstat").read_text().split()[0]) / 1e9

    def run(self) -> None:
        while not self.stopped.wait(0.1):
            lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
            self.peak = max(self.peak, *(int(line.split()[1]) for line in lines if line.startswith("RssAnon")))


if __name__ == "__main__":
    sys.exit(work(*sys.argv[2:]) if sys.argv[1:2] == ["--child"] else main())
