from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError
from django.core.management.commands import migrate
from django.utils.translation import gettext as _

from incentives_portal.core import database_roles
from incentives_portal.core.commands import UnderWayError, exits
from incentives_portal.core.locks import alone


class Command(migrate.Command):
    """Django's own, as the owner of the tables, followed by the grants of the portal's role."""

    help = (
        "Brings the database to the shape of this code, as the role of DATABASE_OWNER_URL, and grants DATABASE_URL's role its part."
    )

    def run_from_argv(self, argv: list[str]) -> None:
        with exits.in_the_terminals_language(), exits.in_words("migrate", traceback="--traceback" in argv):
            super().run_from_argv(argv)

    def handle(self, *args: Any, **options: Any) -> None:
        with database_roles.as_owner():
            if options.get("plan") or options.get("check_unapplied"):
                super().handle(*args, **options)
                return
            with alone("command migrate") as free:
                if not free:
                    raise UnderWayError(_("Another run of %(command)s is under way. Wait for it to end.") % {"command": "migrate"})
                super().handle(*args, **options)
            try:
                granted = database_roles.grant()
            except ImproperlyConfigured as error:
                raise CommandError(str(error)) from None
        if granted and options["verbosity"] >= 1:
            self.stdout.write(f"Granted to {database_roles.application_role()}: its part of each table, none of which it owns.")
