"""After the clock moved, every sweep looks at once instead of at its next turn."""

from incentives_portal.core.waking import wake

SWEEPS = (
    "enrollment.tasks.rederive_due",
    "enrollment.tasks.continue_fiscal_year",
    "enrollment.tasks.evaluate_and_invite",
    "profiles.tasks.run_validations",
)


def wake_everything() -> None:
    """Hints every sweep; beat would come to them anyway."""
    for task in SWEEPS:
        wake(task)
