"""kill -9 of a rollover at random moments, again and again: what comes of it is the plan, and once more changes nothing.

python -m bench.kill_rollover [ROWS] [KILLS]        # 300,000 enrollments and 200 kills unless told
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from typing import Any

from bench.portal import AS_TESTED, services

# What every line of the plan must have come to. Each answers with how many rows are otherwise.
PROOFS = {
    "lines whose enrollment did not end for the right reason": """
        SELECT count(*) FROM enrollment_rolloverline line JOIN enrollment_enrollment e ON e.id = line.enrollment_id
        WHERE e.ended_at IS NULL OR e.end_reason <> CASE line.verdict WHEN 'end' THEN line.reason ELSE 'year_ended' END""",
    "lines that go on without an heir, or with another one's facts": """
        SELECT count(*) FROM enrollment_rolloverline line JOIN enrollment_enrollment e ON e.id = line.enrollment_id
        LEFT JOIN enrollment_enrollment heir ON heir.continued_from_id = e.id
        WHERE line.verdict <> 'end' AND (heir.id IS NULL OR heir.fiscal_year <> e.fiscal_year + 1 OR heir.program_id <> e.program_id
            OR (heir.location_id, heir.accepted_at, heir.submitted_at, heir.payout_profile_id, heir.tax_profile_id, heir.currency)
                IS DISTINCT FROM (e.location_id, e.accepted_at, e.submitted_at, e.payout_profile_id, e.tax_profile_id, e.currency))""",
    "lines that end and have an heir": """
        SELECT count(*) FROM enrollment_rolloverline line JOIN enrollment_enrollment heir ON heir.continued_from_id = line.enrollment_id
        WHERE line.verdict = 'end'""",
    "enrollments of the old year that are live": """
        SELECT count(*) FROM enrollment_enrollment e JOIN enrollment_rolloverplan plan USING (fiscal_year)
        WHERE e.invited_at IS NOT NULL AND e.declined_at IS NULL AND e.ended_at IS NULL""",
    "heirs with not exactly one change of status": """
        SELECT count(*) FROM (SELECT heir.id FROM enrollment_enrollment heir
            LEFT JOIN enrollment_statuschange change ON change.enrollment_id = heir.id
            WHERE heir.continued_from_id IS NOT NULL GROUP BY heir.id HAVING count(change.id) <> 1) wrong""",
    "enrollments with not exactly one entry in the audit log": """
        SELECT count(*) FROM (SELECT line.enrollment_id FROM enrollment_rolloverline line
            LEFT JOIN core_auditentry entry ON entry.object_id = line.enrollment_id::text AND entry.act = 'enrollment.ended'
            GROUP BY line.enrollment_id HAVING count(entry.id) <> 1) wrong""",
}
CHECKSUMS = [
    f"SELECT count(*), md5(string_agg(md5(row::text), '' ORDER BY row.id)) FROM {table} row"
    for table in ("enrollment_enrollment", "enrollment_statuschange", "enrollment_notice", "core_auditentry", "core_mail")
]


def main() -> int:
    rows, kills = (int(text) for text in [*sys.argv[1:], *["300000", "200"][len(sys.argv) - 1 :]])
    with services() as own:
        os.environ.update(own.environment, **AS_TESTED)
        import django

        django.setup()
        from bench.rollover import prepare
        from enrollment.ranges import SIZE

        # So many ranges that a kill comes about once in each.
        prepare(rows, size=min(SIZE, max(20, rows // 9 // kills)))
        print(json.dumps(survive(kills), indent=2))
    return 0


def survive(kills: int, *, workers: int = 2) -> dict[str, Any]:
    """Kills workers at random moments of their work, lets the last ones finish, and compares with the plan."""
    from enrollment.models import RolloverPlan

    plan, chance, killed, patience, progress = RolloverPlan.objects.get(), random.Random(1), 0, 1.0, [0]
    begun = starter()
    while killed < kills and progress[-1] < plan.ranges.count():
        running = [begun() for _ in range(workers)]
        time.sleep(chance.uniform(0, patience))
        killed += sum(kill(one) for one in running)
        progress.append(plan.ranges.filter(applied_at__isnull=False).count())
        # The moments spread over the work on a range or two, however fast the machine is just now.
        gained = progress[-1] - progress[-2]
        patience *= 1.25 if gained == 0 else 0.9 if gained <= workers else 0.6
    assert [ended(one) for one in [begun() for _ in range(workers)]] == [0] * workers
    wrong = {name: answer(question)[0] for name, question in PROOFS.items()}
    before = [answer(question) for question in CHECKSUMS]
    assert ended(begun()) == 0
    return {
        "lines": plan.lines.count(),
        "ranges": plan.ranges.count(),
        "kills": killed,
        "ranges done by kill": progress[1:],
        "wrong": wrong,
        "again changes nothing": [answer(question) for question in CHECKSUMS] == before,
    }


def starter() -> Callable[[], BaseProcess]:
    """Starts workers that are processes of their own.

    They are forked from one that has done what a process does once (`bench.rollover_worker`), and has no threads and no
    connection: a fork of this process could wait forever for a lock that one of its threads held.
    """
    from django.db import connection

    from bench.rollover_worker import work

    forking = get_context("forkserver")
    forking.set_forkserver_preload(["bench.rollover_worker"])

    def begun() -> BaseProcess:
        one = forking.Process(target=work, args=(connection.settings_dict["NAME"],), daemon=True)
        one.start()
        return one

    return begun


def kill(one: BaseProcess) -> bool:
    """Whether it was still at work."""
    one.kill()
    one.join()
    assert one.exitcode in (0, -signal.SIGKILL), "it failed by itself, for a reason that it has printed"
    return one.exitcode == -signal.SIGKILL


def ended(one: BaseProcess) -> int | None:
    one.join()
    return one.exitcode


def answer(question: str) -> tuple[Any, ...]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(question)
        return tuple(cursor.fetchone())


if __name__ == "__main__":
    sys.exit(main())
