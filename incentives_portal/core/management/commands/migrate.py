from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError
from django.core.management.commands import migrate

from incentives_portal.core import database_roles


class Command(migrate.Command):
    """Django's own, as the owner of the tables, followed by the grants of the portal's role."""

    help = (
        "Brings the database to the shape of this code, as the role of DATABASE_OWNER_URL, and grants DATABASE_URL's role its part."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with database_roles.as_owner():
            super().handle(*args, **options)
            if options.get("plan") or options.get("check_unapplied"):
                return
            try:
                granted = database_roles.grant()
            except ImproperlyConfigured as error:
                raise CommandError(str(error)) from None
        if granted and options["verbosity"] >= 1:
            self.stdout.write(f"Granted to {database_roles.application_role()}: its part of each table, none of which it owns.")
