from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The roof. Loading the queue here lets every process, not only the worker, wake the worker up."""

    name = "incentives_portal"
    label = "portal"

    def ready(self) -> None:
        from incentives_portal import celery  # noqa: F401
