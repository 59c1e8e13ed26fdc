"""System checks: the demonstration stays away from real partners, and the portal from owning its tables."""

import ipaddress
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from incentives_portal.core import database_roles


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


@register(Tags.database)
def application_owns_no_table(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The audit log is append-only for a role that does not own it (rule OPS-3). `migrate` asks, and `check --database default`."""
    if not databases or not database_roles.owns_tables():
        return []
    role = database_roles.application_role()
    return [
        Warning(
            f"The portal runs as {role}, which owns its tables: whatever gets in through the portal can rewrite the audit log.",
            hint="Name the owner in DATABASE_OWNER_URL and another role in DATABASE_URL, then run migrate, which makes that role "
            "and grants it its part (docs/guides/deployment.md).",
            id="portal.W001",
        )
    ]
