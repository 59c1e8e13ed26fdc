"""What the worker does for enrollments: callers of services, without data of their own."""

from celery import shared_task
from django.conf import settings

from enrollment import derivation
from enrollment.services import bulk, daily, evaluation, reminding, rollover, waves
from incentives_portal.core.waking import wake


@shared_task
def rederive_due() -> None:
    """Derives what time alone has changed."""
    derivation.rederive_due()


@shared_task
def evaluate_and_invite() -> None:
    """Evaluates eligibility and invites (rules ELI-2, INV-1)."""
    daily.evaluate_and_invite()


@shared_task
def evaluate_published() -> None:
    """Evaluates programs whose requirements were published since (rule ELI-2)."""
    evaluation.evaluate_published()


@shared_task
def send_waves() -> None:
    """Goes on with the waves of invitations that run (rule INV-1)."""
    waves.send()


@shared_task
def remind_invitations() -> None:
    """Reminds of invitations, and passes on those that nobody opened (rule INV-7)."""
    reminding.remind()


@shared_task
def continue_fiscal_year() -> None:
    """Makes rollover plans that were asked for, and applies the approved ones of years that are over (rule FIS-3).

    A part of it, well within a task's time limit; then it wakes itself again.
    """
    if rollover.go_on(automatic=settings.ROLLOVER_AUTOMATIC, seconds=settings.CELERY_TASK_TIME_LIMIT / 10):
        wake("enrollment.tasks.continue_fiscal_year")


@shared_task
def run_bulk() -> None:
    """Goes on with what people started for many enrollments at once (rule ENR-5)."""
    bulk.run_due()
