"""kill -9 of a rollover at random moments, again and again: what comes of it is the plan, and once more changes nothing.

python -m bench.kill_rollover [ROWS] [KILLS]        # 300,000 enrollments and 200 kills unless told
"""

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

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
    from incentives_portal.local.places import Places
    from incentives_portal.local.services import Services

    rows, kills = (int(text) for text in [*sys.argv[1:], *["300000", "200"][len(sys.argv) - 1 :]])
    root = Path(tempfile.mkdtemp(prefix="portal-bench-"))
    root.chmod(0o755)
    services = Services(Places(root))
    try:
        services.start()
        os.environ.update(services.environment, TESTING="1", DJANGO_SETTINGS_MODULE="incentives_portal.settings")
        import django

        django.setup()
        from bench.rollover import prepare
        from enrollment.ranges import SIZE

        # So many ranges that a kill comes about once in each.
        prepare(rows, size=min(SIZE, max(20, rows // 9 // kills)))
        print(json.dumps(survive(kills), indent=2))
    finally:
        services.stop()
        shutil.rmtree(root, ignore_errors=True)
    return 0


def survive(kills: int, *, workers: int = 2) -> dict[str, Any]:
    """Kills workers at random moments of their work, lets the last ones finish, and compares with the plan."""
    from enrollment.models import RolloverPlan

    plan, chance, killed, patience, progress = RolloverPlan.objects.get(), random.Random(1), 0, 1.0, [0]
    warm_up()
    while killed < kills and progress[-1] < plan.ranges.count():
        running = [begun(plan) for _ in range(workers)]
        time.sleep(chance.uniform(0, patience))
        killed += sum(kill(one) for one in running)
        progress.append(plan.ranges.filter(applied_at__isnull=False).count())
        # The moments spread over the work on a range or two, however fast the machine is just now.
        gained = progress[-1] - progress[-2]
        patience *= 1.25 if gained == 0 else 0.9 if gained <= workers else 0.6
    assert [ended(begun(plan)) for _ in range(workers)] == [0] * workers
    wrong = {name: answer(question)[0] for name, question in PROOFS.items()}
    before = [answer(question) for question in CHECKSUMS]
    assert ended(begun(plan)) == 0
    return {
        "lines": plan.lines.count(),
        "ranges": plan.ranges.count(),
        "kills": killed,
        "ranges done by kill": progress[1:],
        "wrong": wrong,
        "again changes nothing": [answer(question) for question in CHECKSUMS] == before,
    }


def warm_up() -> None:
    """What a process does once and a forked one has done already: templates and texts are read."""
    from types import SimpleNamespace

    from django.template.loader import render_to_string

    from incentives_portal.core.fiscal import FiscalYear

    values = {"year": FiscalYear(2027), "ended_count": 1, "partner": SimpleNamespace(legal_name=""), "portal_url": "", "path": ""}
    for end in ("subject.txt", "txt", "html"):
        render_to_string(f"mail/year_end.{end}", values)


def begun(plan: Any) -> int:
    """A worker of its own process, with a connection of its own."""
    from django.db import connection

    from enrollment.services import rollover
    from incentives_portal.core.audit import SYSTEM

    connection.close()
    pid = os.fork()
    if pid:
        return pid
    try:
        rollover.apply(plan=plan, by=SYSTEM)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def kill(pid: int) -> bool:
    """Whether it was still at work."""
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def answer(question: str) -> tuple[Any, ...]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(question)
        return tuple(cursor.fetchone())


if __name__ == "__main__":
    sys.exit(main())
