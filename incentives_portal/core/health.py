"""Whether the portal works: checks with a name, registered by whoever knows what to look at.

The ground registers its own, here and in `secrets_health`; a floor above adds one from its `apps.ready()`:

    @health.check("validations")
    def overdue_validations() -> health.Finding: ...

`vital` checks decide whether the web server may take requests; all of them decide what the command `health` says.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Min
from redis import Redis

from incentives_portal.core import clock
from incentives_portal.core.models import AuditEntry, AuditPending, Mail

# A mail that is due for longer than this means that nobody sends.
MAIL_LATE_SECONDS = 900
# Audit entries that wait for their seal for longer mean that no worker runs.
SEAL_LATE_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw: whether all is well, and figures that say how well."""

    ok: bool
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Check:
    look: Callable[[], Finding]
    vital: bool


_checks: dict[str, _Check] = {}


def check(name: str, *, vital: bool = False) -> Callable[[Callable[[], Finding]], Callable[[], Finding]]:
    """Registers a function as the health check `name`. It may raise: that is a finding too."""

    def register(look: Callable[[], Finding]) -> Callable[[], Finding]:
        _checks[name] = _Check(look, vital)
        return look

    return register


def report(*, vital_only: bool = False) -> dict[str, Any]:
    """Runs the checks: `{"healthy": bool, "checks": {name: {"ok": bool, ...figures}}}`."""
    findings = {name: _look(each) for name, each in _checks.items() if each.vital or not vital_only}
    return {"healthy": all(finding["ok"] for finding in findings.values()), "checks": findings}


def _look(each: _Check) -> dict[str, Any]:
    try:
        finding = each.look()
    except Exception as error:  # whatever it is, the answer is "not healthy", never a traceback
        return {"ok": False, "error": type(error).__name__}
    return {"ok": finding.ok, **finding.figures}


@check("database", vital=True)
def database() -> Finding:
    """PostgreSQL answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        (version,) = cursor.fetchone()
    return Finding(True, {"version": version})


@check("migrations", vital=True)
def migrations() -> Finding:
    """The database has the shape that this code expects."""
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return Finding(not waiting, {"waiting": len(waiting)})


@check("redis")
def redis() -> Finding:
    """Redis answers. Without it pages still work; background work is late."""
    # Asked directly: the cache would answer from memory.
    with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2) as server:
        return Finding(bool(server.ping()))


@check("mail")
def mail() -> Finding:
    """No owed mail is overdue (rule INV-6). Mails given up are counted; they are for a person to look at."""
    now = clock.now()
    oldest = Mail.objects.filter(state=Mail.State.OWED, due_at__lte=now).aggregate(oldest=Min("due_at"))["oldest"]
    seconds = int((now - oldest).total_seconds()) if oldest else 0
    given_up = Mail.objects.filter(state=Mail.State.DEAD).count()
    return Finding(seconds <= MAIL_LATE_SECONDS, {"oldest_owed_seconds": seconds, "given_up": given_up})


@check("audit")
def audit() -> Finding:
    """Audit entries get their seals (rule OPS-3). Whether the log is whole says the command `check_audit`, which takes longer."""
    waiting = AuditEntry.objects.filter(pk__in=AuditPending.objects.values("entry_id"))
    oldest = waiting.aggregate(oldest=Min("at"))["oldest"]
    seconds = int((clock.now() - oldest).total_seconds()) if oldest else 0
    return Finding(seconds <= SEAL_LATE_SECONDS, {"oldest_unsealed_seconds": max(seconds, 0)})
