"""After the clock moved, every sweep looks at once instead of at its next turn."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

SWEEPS = (
    "enrollment.tasks.rederive_due",
    "enrollment.tasks.continue_fiscal_year",
    "enrollment.tasks.evaluate_and_invite",
    "profiles.tasks.run_validations",
)

logger = logging.getLogger(__name__)


def wake_everything() -> None:
    """Hints every sweep; beat would come to them anyway."""
    for name in SWEEPS:
        try:
            current_app.send_task(name)
        except OperationalError:
            logger.warning("the broker is away; beat will catch up")
            return
