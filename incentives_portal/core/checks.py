"""A system check: the portal stays away from owning its tables."""

from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register

from incentives_portal.core import database_roles


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
