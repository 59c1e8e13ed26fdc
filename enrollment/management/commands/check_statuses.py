from typing import Any

from enrollment.derivation import differences
from incentives_portal.core.commands import PortalCommand


class Command(PortalCommand):
    help = "Proves that every stored status is what its facts say. Exit code 3 when one is not; its id is on stderr."

    exclusive = False

    def run(self, **options: Any) -> dict[str, Any]:
        checked, wrong = differences()
        for enrollment_id in wrong:
            self.stderr.write(f"enrollment {enrollment_id}: stored and derived status differ")
        return {"checked": checked, "differences": len(wrong)}

    def complaint(self, result: dict[str, Any]) -> str:
        return f"{result['differences']} stored statuses differ from what their facts say." if result["differences"] else ""
