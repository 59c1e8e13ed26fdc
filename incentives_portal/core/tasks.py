"""What the worker does for the ground floor: callers of services, without data of their own."""

from celery import shared_task

from incentives_portal.core import outbox
from incentives_portal.core.chain import sealing


@shared_task(name="incentives_portal.core.tasks.send_mail")
def send_mail() -> None:
    """Sends what is owed (rule INV-6)."""
    outbox.send_due()


@shared_task(name="incentives_portal.core.tasks.seal_audit")
def seal_audit() -> None:
    """Seals what was written to the audit log since the last time (rule OPS-3)."""
    sealing.seal()
