from typing import Any

from enrollment.services.invitations import invite_due
from incentives_portal.core.commands import PortalCommand


class Command(PortalCommand):
    help = "Invites every eligible location that has no live enrollment (rule INV-1). Repeatable: nobody is invited twice."

    def run(self, **options: Any) -> dict[str, Any]:
        return {"invited": invite_due(by=self.actor)}
