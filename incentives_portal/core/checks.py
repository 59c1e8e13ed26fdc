"""System checks that keep the demonstration away from real partners."""

import ipaddress
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


def _is_loopback(host: str) -> bool:
    if host in {"localhost", "testserver"}:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@register()
def demonstration_stays_on_loopback(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Demonstration mode signs anybody in as anybody: it may answer to loopback names alone."""
    if not settings.DEMO:
        return []
    strangers = [host for host in settings.ALLOWED_HOSTS if not _is_loopback(host)]
    if not strangers:
        return []
    return [
        Error(
            f"DEMO=1 signs anybody in as anybody, and ALLOWED_HOSTS names {', '.join(strangers)}.",
            hint="Unset DEMO, or leave ALLOWED_HOSTS at 127.0.0.1, localhost and [::1].",
            id="portal.E001",
        )
    ]
