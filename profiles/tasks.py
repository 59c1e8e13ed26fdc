"""What Celery wakes up; the work itself is PostgreSQL's."""

from celery import shared_task

from profiles.services import reminders, validations


@shared_task(name="profiles.tasks.run_validations")
def run_validations() -> None:
    """Checks what was submitted, flags what is past its 48 hours, and escalates what is a day past them."""
    validations.check_due()
    validations.flag_overdue()
    validations.escalate()


@shared_task(name="profiles.tasks.remind_of_expiry")
def remind_of_expiry() -> None:
    """Reminds of tax forms that are about to expire (rule TAX-1)."""
    reminders.remind_of_expiry()
