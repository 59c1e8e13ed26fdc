"""The sweep of automatic checks against one set-based statement that decides as many rows (rules VAL-1, VAL-2).

    python -m bench validation_sweep

The statement decides and checks nothing: it has no Python rules to run, decrypts no number, writes no findings, no audit entry
and no history, and tells no enrollment. So it says how far away a row at a time is, and not what the sweep could become.
"""

import statistics
import time
from typing import Any

LOCATIONS, ROUNDS = 300, 3
RAW = """
UPDATE profiles_validation SET checked_at = portal_now(), decision = 'approved', decided_at = portal_now() WHERE id IN (
    SELECT id FROM profiles_validation WHERE decision = '' AND checked_at IS NULL FOR UPDATE SKIP LOCKED
)
"""
AGAIN = "UPDATE profiles_validation SET checked_at = NULL, decision = '', decided_at = NULL"


def measure() -> list[dict[str, Any]]:
    """Validations per second of the sweep by one worker, and of the statement."""
    from bench.portal import running

    with running():
        from django.db import connection

        from enrollment.models import Program
        from incentives_portal.core.audit import SYSTEM
        from incentives_portal.core.fiscal import FiscalYear
        from incentives_portal.rehearsal import partners
        from incentives_portal.rehearsal.programs import make_programs
        from profiles.models import TaxProfileVersion, ValidationCheck
        from profiles.services import validations

        def sql(statement: str) -> int:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return int(cursor.rowcount)

        make_programs(FiscalYear(2027))
        partners.make_partners(LOCATIONS, advance=lambda count: None)
        entity = Program.objects.values_list("paying_entity", flat=True)[0]
        for version in TaxProfileVersion.objects.select_related("profile"):
            validations.start(tax_version=version, paying_entity=entity, by=SYSTEM)
        rates: dict[str, list[float]] = {"sweep": [], "statement": []}
        for number in range(ROUNDS + 1):
            for name in rates:
                ValidationCheck.objects.all().delete()
                sql(AGAIN)
                begun = time.perf_counter()
                count = validations.check_due()["checked"] if name == "sweep" else sql(RAW)
                if number:
                    rates[name].append(count / (time.perf_counter() - begun))
    ours, reference = (statistics.median(rates[name]) for name in ("sweep", "statement"))
    return [
        {
            "name": "validation sweep, 1 worker, row by row with Python rules",
            "ours": round(ours),
            "reference": round(reference),
            "ratio": round(ours / reference, 4),
            "target": "≥ 0.90",
            "detail": f"validations/s, {LOCATIONS - LOCATIONS // 10} tax profiles, fsync on; the statement checks and tells nothing",
        }
    ]
