"""The sweep of automatic checks against one set-based statement that writes the same rows (rules VAL-1, VAL-2).

    python -m bench.validation_sweep [LOCATIONS] [ROUNDS]      # 6,000 locations and 3 rounds unless told

Every location has a tax form, every partner an account and each location an enrollment that waits for both, all due at the same
moment as what is submitted together is; nobody is there to be told, since a mail has a figure of its own. Two workers claim, decrypt,
check, store findings, decisions and audit entries, derive the enrollments and keep their history. The statement writes as many of the
same rows: findings, decisions, audit entries, statuses and history; it decrypts nothing, has no rules to run and knows beforehand what
comes of them. Each run has a database of its own, a copy of the same one, and processes of its own; PostgreSQL as it is by default
(fsync on). CPU is the processes' and their backends'. After each run the rows are counted: both must have written the same, and
nothing twice.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

import psycopg

from bench.portal import AS_TESTED, let_go, services
from bench.rollover import Watch, _at

LOCATIONS, ROUNDS = 6_000, 3
RAW = """
WITH decided AS (
    UPDATE profiles_validation v SET checked_at = portal_now(), decision = 'approved', decided_at = portal_now(), claimed_by_id = NULL,
        claimed_until = NULL, ask_token = NULL, asked_until = NULL, ask_after = NULL
    WHERE v.id IN (
        SELECT id FROM profiles_validation WHERE decision = '' AND checked_at IS NULL ORDER BY due_at, id FOR UPDATE SKIP LOCKED
    )
    RETURNING v.*
), found AS (
    INSERT INTO profiles_validationcheck (validation_id, code, outcome, field)
    SELECT d.id, f.code, 'passed', f.field FROM decided d JOIN (VALUES
        (true, 'number_valid', 'iban'), (true, 'holder_name', 'account_holder'), (true, 'used_here_only', ''), (true, 'bank_settled', ''),
        (true, 'admin_settled', ''), (false, 'number_valid', 'orgnr'), (false, 'form_kind', 'form_kind'),
        (false, 'form_in_force', 'expires_on'), (false, 'used_here_only', '')
    ) f (of_payout, code, field) ON f.of_payout = (d.payout_version_id IS NOT NULL)
), told AS (
    INSERT INTO core_auditentry (at, actor_kind, actor_name, partner_id, act, object_type, object_id, object_name, after, request_id)
    SELECT portal_now(), 'system', 'portal', d.partner_id, 'validation.approved', 'profiles.validation', d.id::text,
        coalesce(p.name, t.name) || ' · ' || d.paying_entity,
        jsonb_build_object('version', coalesce(pv.number, tv.number), 'paying_entity', d.paying_entity), gen_random_uuid()
    FROM decided d LEFT JOIN profiles_payoutprofileversion pv ON pv.id = d.payout_version_id
    LEFT JOIN profiles_payoutprofile p ON p.id = pv.profile_id
    LEFT JOIN profiles_taxprofileversion tv ON tv.id = d.tax_version_id LEFT JOIN profiles_taxprofile t ON t.id = tv.profile_id
), enrolled AS (
    UPDATE enrollment_enrollment e SET status = 'enrolled', reason = '', derive_again_at = NULL, status_since = portal_now(),
        requirements = replace(replace(e.requirements::text, 'payout_validating', 'payout_chosen'), 'tax_validating', 'tax_chosen')::jsonb
    FROM decided d JOIN profiles_taxprofileversion tv ON tv.id = d.tax_version_id
    WHERE e.tax_profile_id = tv.profile_id AND e.ended_at IS NULL RETURNING e.id
)
INSERT INTO enrollment_statuschange (enrollment_id, at, before, after, reason, cause)
SELECT id, portal_now(), 'validating', 'enrolled', '', 'validation_approved' FROM enrolled
"""
# The made-up network has a few numbers that are used twice, which a person would have to look at.
DISTINCT = """
UPDATE profiles_{kind}profileversion v SET fingerprint = sha256(v.id::text::bytea) FROM profiles_{kind}profile p
WHERE p.id = v.profile_id AND EXISTS (SELECT FROM profiles_{kind}profileversion o JOIN profiles_{kind}profile op ON op.id = o.profile_id
    WHERE o.fingerprint = v.fingerprint AND op.partner_id <> p.partner_id)
"""
ENROLLMENTS = """
INSERT INTO enrollment_enrollment (id, partner_id, location_id, program_id, fiscal_year, invited_at, accepted_at, payout_profile_id,
    tax_profile_id, currency, submitted_at, end_reason, status, reason, requirements, status_since)
SELECT gen_random_uuid(), t.partner_id, t.location_id, g.id, %(year)s, now(), now(), b.id, t.id, g.currencies[1], now(), '', 'inactive', '',
    '[]', now()
FROM profiles_taxprofile t JOIN (SELECT DISTINCT ON (partner_id) * FROM profiles_payoutprofile ORDER BY partner_id, id) b USING (partner_id)
CROSS JOIN (SELECT * FROM enrollment_program WHERE id = %(program)s) g
"""
COUNTS = {
    "approved": "SELECT count(*) FROM profiles_validation WHERE decision = 'approved' AND checked_at IS NOT NULL",
    "findings": "SELECT count(*) FROM profiles_validationcheck",
    "entries": "SELECT count(*) FROM core_auditentry WHERE act = 'validation.approved'",
    "decided by one entry each": "SELECT count(DISTINCT object_id) FROM core_auditentry WHERE act = 'validation.approved'",
    "enrolled": "SELECT count(*) FROM enrollment_enrollment WHERE status = 'enrolled'",
    "history": "SELECT count(*) FROM enrollment_statuschange WHERE cause = 'validation_approved'",
}


def main() -> int:
    given = [int(text) for text in sys.argv[1:]]
    locations, rounds = given + [LOCATIONS, ROUNDS][len(given) :]
    print(json.dumps(compare(locations, rounds), indent=2))
    return 0


def measure() -> list[dict[str, Any]]:
    """The lines of `python -m bench`."""
    found = compare(LOCATIONS, ROUNDS)
    ours, raw, count = found["two workers"], found["raw"], found["validations"]
    detail = (
        f"of {count} validations and their enrollments, {ROUNDS} rounds, fsync on, nothing twice; the statement has no rules to run"
    )
    return [
        {
            "name": name,
            "ours": round(figure(ours)),
            "reference": round(figure(raw)),
            "ratio": round(figure(ours) / figure(raw), 3),
            "target": "≥ 0.90",
            "detail": f"{unit} {detail}",
        }
        for name, unit, figure in (
            ("validation sweep, 2 workers", "validations/s", lambda run: count / run["seconds"]),
            ("the same, CPU", "validations/CPU second", lambda run: count / run["cpu"]),
        )
    ]


def compare(locations: int, rounds: int) -> dict[str, Any]:
    """The medians of the sweep and of the statement."""
    with services() as own:
        os.environ.update(own.environment, **AS_TESTED)
        with start(own.environment["DATABASE_URL"], "populate", str(locations)) as process:
            process.communicate()
        assert process.returncode == 0
        return _compared(own.environment, rounds)


def _compared(environment: dict[str, str], rounds: int) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {"raw": [], "one worker": [], "two workers": []}
    for _ in range(rounds):
        for name in found:
            found[name].append(measured(environment, name))
            print(name, json.dumps(found[name][-1]), file=sys.stderr, flush=True)
    written = {json.dumps(run.pop("written")) for runs in found.values() for run in runs}
    assert len(written) == 1, f"not the same rows: {written}"
    counts = json.loads(written.pop())
    medians = {name: {key: statistics.median(run[key] for run in runs) for key in runs[0]} for name, runs in found.items()}
    return {"validations": counts["approved"], "written": counts, **medians}


def measured(environment: dict[str, str], way: str) -> dict[str, Any]:
    """One way of doing it, in a copy of the database that is thrown away."""
    owner = environment["DATABASE_OWNER_URL"]
    with psycopg.connect(_at(owner, "postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS round")
        connection.execute("CREATE DATABASE round TEMPLATE portal")
        connection.execute("CHECKPOINT")
    ready = [start(_at(environment["DATABASE_URL"], "round"), way) for _ in range(2 if way == "two workers" else 1)]
    let_go(ready)
    results = [json.loads(one.communicate()[0]) for one in ready]
    with psycopg.connect(_at(owner, "round")) as connection:
        counts = {name: connection.execute(question).fetchone()[0] for name, question in COUNTS.items()}  # type: ignore[index, call-overload]
    return {
        "seconds": round(max(result["end"] for result in results) - min(result["begin"] for result in results), 3),
        "cpu": round(sum(result["cpu"] for result in results), 3),
        "written": counts,
    }


def start(url: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "ignore", "-m", "bench.validation_sweep", "--child", *arguments]
    return subprocess.Popen(
        command, env=os.environ | {"DATABASE_URL": url}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def work(way: str, *arguments: str) -> int:
    """The child: does one thing, and prints what it took."""
    import django

    django.setup()
    if way == "populate":
        populate(int(arguments[0]))
        return 0
    from django.db import connection

    from incentives_portal.core.loading import load_for_good

    load_for_good()  # as a worker does
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    watch = Watch(backend)
    print("ready", flush=True)
    sys.stdin.readline()
    began, cpu = time.time(), watch.cpu()
    raw() if way == "raw" else sweep()
    print(json.dumps({"begin": began, "end": time.time(), "cpu": watch.cpu() - cpu}))
    return 0


def raw() -> None:
    from bench.year_world import run

    run(RAW)


def sweep() -> None:
    """What the worker does each time it is woken, again and again until nothing is left."""
    from profiles.services import validations

    while validations.check_due()["checked"]:
        pass


def populate(locations: int) -> None:
    """Partners with their accounts and tax forms, all submitted at once by enrollments that wait for nothing else."""
    from django.core.management import call_command
    from django.db import transaction

    from bench.year_world import run
    from enrollment import derivation
    from enrollment.derivation.sets import stored
    from enrollment.models import Program
    from incentives_portal.core import clock, database_roles
    from incentives_portal.core.audit import SYSTEM
    from incentives_portal.core.fiscal import FiscalYear
    from incentives_portal.core.fragments import Sql
    from incentives_portal.rehearsal import partners
    from incentives_portal.rehearsal.programs import make_programs
    from profiles.models import PayoutProfileVersion, TaxProfileVersion
    from profiles.services import validations

    call_command("migrate", verbosity=0)
    year = FiscalYear.of(clock.today())
    make_programs(year)
    partners.make_partners(locations, advance=lambda count: None)
    program = Program.objects.order_by("code")[0]
    Program.objects.filter(pk=program.pk).update(open_to_all=True)
    with database_roles.as_owner():
        for kind in ("payout", "tax"):
            run(DISTINCT.format(kind=kind))
    run(ENROLLMENTS, {"program": program.pk, "year": year.ends_in})
    with transaction.atomic():
        for model in (PayoutProfileVersion, TaxProfileVersion):
            versions: Any = model._default_manager.select_related("profile").defer("identifiers")
            validations.start_all(versions, paying_entity=program.paying_entity, by=SYSTEM)
        derivation.settle_all(stored(Sql("TRUE")), cause="submitted", by=SYSTEM)
    with database_roles.as_owner():
        run("TRUNCATE accounts_rolelocation, accounts_roleassignment, accounts_formerrolelocation")
        run("VACUUM ANALYZE")


if __name__ == "__main__":
    sys.exit(work(*sys.argv[2:]) if sys.argv[1:2] == ["--child"] else main())
