"""The queue. Its messages carry no data: they wake up work that PostgreSQL owns, so a lost one costs a few seconds."""

import os
from datetime import timedelta

from celery import Celery
from celery.schedules import crontab, schedule
from celery.signals import heartbeat_sent, task_postrun, task_prerun, worker_init
from django.conf import settings

from incentives_portal.core import pulse, request_ids
from incentives_portal.core.loading import load_for_good
from incentives_portal.core.waking import HINT_LASTS

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "incentives_portal.settings")

app = Celery("incentives_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
worker_init.connect(load_for_good)
task_prerun.connect(request_ids.begin_task)
task_postrun.connect(request_ids.end_task)
heartbeat_sent.connect(pulse.worker_is_here)

_sweep = schedule(timedelta(seconds=settings.SWEEP_SECONDS))
# The demonstration's clock jumps over nights, so there eligibility is looked at every minute.
_nightly = schedule(timedelta(minutes=1)) if settings.DEMO else crontab(hour=3, minute=0)
_hourly = schedule(timedelta(minutes=1)) if settings.DEMO else crontab(minute=20)

_SCHEDULE = {
    "incentives_portal.core.tasks.send_mail": _sweep,
    "incentives_portal.core.tasks.seal_audit": _sweep,
    "profiles.tasks.run_validations": _sweep,
    "enrollment.tasks.rederive_due": _sweep,
    "enrollment.tasks.run_bulk": _sweep,
    "enrollment.tasks.evaluate_published": _sweep,
    "enrollment.tasks.send_waves": _sweep,
    "enrollment.tasks.continue_fiscal_year": _sweep,
    "profiles.tasks.remind_of_expiry": _nightly,
    "enrollment.tasks.evaluate_and_invite": _nightly,
    # Hourly, so that an invitation whose mails bounced soon goes to somebody else.
    "enrollment.tasks.remind_invitations": _hourly,
    "accounts.tasks.tell_of_expired_roles": _nightly,
    "incentives_portal.core.tasks.check_secrets": crontab(hour=4, minute=0),
    "accounts.tasks.realign_directories": _sweep,
}
app.conf.beat_schedule = {
    task: {"task": task, "schedule": when, "options": {"expires": HINT_LASTS}} for task, when in _SCHEDULE.items()
}
