from typing import Any

from incentives_portal.core.chain import sealing
from incentives_portal.core.commands import PortalCommand
from incentives_portal.core.models import AuditPending


class Command(PortalCommand):
    help = (
        "Seals the audit entries that wait for their place in the chain (rule OPS-3). The sweep does it by itself. "
        "Can be stopped, or killed, at any time; of several at once one seals."
    )
    recorded = exclusive = False

    def run(self, **options: Any) -> dict[str, Any]:
        sealed = sealing.seal()
        return {"sealed": sealed, "waiting": AuditPending.objects.count(), "head": str(sealing.head())}
