"""What the worker does for the ground floor: callers of services, without data of their own."""

from celery import shared_task

from incentives_portal.core import outbox


@shared_task(name="incentives_portal.core.tasks.send_mail")
def send_mail() -> None:
    """Sends what is owed (rule INV-6)."""
    outbox.send_due()
