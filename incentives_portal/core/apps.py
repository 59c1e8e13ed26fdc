"""The ground of the house: clock, fiscal calendar, encrypted field, audit log, mail outbox, run ledger."""

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings


class CoreConfig(AppConfig):
    name = "incentives_portal.core"
    label = "core"

    def ready(self) -> None:
        # Whoever says "wake up" speaks through the roof's queue; named by a setting, since the ground imports no roof.
        import_module(settings.CELERY_APP)
        from incentives_portal.core import checks  # noqa: F401
