"""What a process decides at this moment, as JSON: run as one whose clock is wrong by `test_wrong_clocks`."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import django


def came_to(verb: Callable[..., Any], **arguments: Any) -> str:
    from profiles.errors import ProfileError

    try:
        verb(**arguments)
    except ProfileError as refusal:
        return type(refusal).__name__
    return "done"


def main(rita: str, ines: str, names: dict[str, str]) -> dict[str, Any]:
    """Sweeps, and then lets people do what is allowed now and refused at another time."""
    from accounts.models import User
    from enrollment.derivation import rederive_due
    from incentives_portal.core import outbox
    from profiles.models import PayoutProfile, Validation
    from profiles.services import validations

    def named(name: str) -> Validation:
        return Validation.objects.get(pk=names[name])

    reviewer = User.objects.get(pk=rita)
    started = validations.start(
        payout_version=PayoutProfile.objects.get(name="not submitted").latest,
        paying_entity="Northwind",
        by=User.objects.get(pk=ines),
    )
    outbox.send_due()
    done = {"swept": validations.check_due(), "overdue": validations.flag_overdue(), "escalated": validations.escalate()}
    rederive_due()
    done |= {name: came_to(validations.approve, validation=named(name), by=reviewer) for name in names if "to approve" in name}
    done |= {name: came_to(validations.undo, validation=named(name), by=reviewer) for name in names if "to undo" in name}
    return done | {"started": str(started.pk), "clock": time.time()}


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main(**json.loads(sys.argv[1]))))
