"""What Celery wakes up; the work itself is PostgreSQL's."""

from celery import shared_task

from profiles.services import validations


@shared_task(name="profiles.tasks.run_validations")
def run_validations() -> None:
    """Checks what was submitted, and flags what is past its 48 hours."""
    validations.check_due()
    validations.flag_overdue()
