from typing import Any

from incentives_portal.core import health
from incentives_portal.core.commands import FAILED, PortalCommand


class Command(PortalCommand):
    help = "Shows whether database, migrations, Redis, mail and background work are well. Exit code 1 when something is not."
    requires_system_checks: list[str] = []
    recorded = exclusive = False
    complaint_code = FAILED  # container platforms know 0 and 1

    def run(self, **options: Any) -> dict[str, Any]:
        return health.report()

    def show(self, result: dict[str, Any]) -> None:
        for name, finding in result["checks"].items():
            figures = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in finding.items() if key != "ok")
            self.stdout.write(f"{'ok ' if finding['ok'] else 'BAD'}  {name:<14} {figures}".rstrip())

    def complaint(self, result: dict[str, Any]) -> str:
        bad = [name for name, finding in result["checks"].items() if not finding["ok"]]
        return f"Not healthy: {', '.join(bad)}" if bad else ""
