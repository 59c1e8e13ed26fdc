"""What the worker does for the ground floor: callers of services, without data of their own."""

import contextlib
import io

from celery import shared_task
from django.core.management import CommandError, call_command

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


@shared_task(name="incentives_portal.core.tasks.check_secrets")
def check_secrets() -> None:
    """Reads every encrypted value once a night (rule PAY-3). What it finds stands in the ledger, and `health` says so."""
    with contextlib.suppress(CommandError):
        call_command("rotate_keys", check=True, stdout=io.StringIO())
