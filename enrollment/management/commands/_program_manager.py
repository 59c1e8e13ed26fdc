"""Who a rollover's command acts as."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.models import OperatorAssignment, User
from accounts.roles import OperatorRole
from incentives_portal.core.commands import PortalCommand
from incentives_portal.core.fiscal import FiscalYear


def add_by(parser: CommandParser) -> None:
    parser.add_argument("--by", metavar="EMAIL", help="the program manager on whose behalf; without it, the command itself")


def acting(command: PortalCommand, email: str | None) -> Any:
    """The program manager with that address, or the command. Raises CommandError for anybody else."""
    if not email:
        return command.actor
    managers = OperatorAssignment.objects.filter(role=OperatorRole.PROGRAM_MANAGER, user__is_active=True)
    user = User.objects.filter(email=email.strip().lower(), pk__in=managers.values("user")).first()
    if user is None:
        raise CommandError(f"{email} is no program manager.")
    return user


def fiscal_year(text: str) -> FiscalYear:
    """The argument FY. Raises CommandError saying what is expected."""
    try:
        return FiscalYear.parse(text)
    except ValueError as error:
        raise CommandError(str(error)) from None
