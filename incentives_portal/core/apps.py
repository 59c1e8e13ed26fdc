"""The ground of the house: clock, fiscal calendar, encrypted field, audit log, mail outbox, run ledger."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "incentives_portal.core"
    label = "core"

    def ready(self) -> None:
        from incentives_portal.core import among, checks, gauges, secrets_health, wall  # noqa: F401

        wall.raise_for_requests()
