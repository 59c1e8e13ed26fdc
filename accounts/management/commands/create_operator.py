"""Makes a person of the operator: reviewer, program manager or superuser."""

import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from accounts.models import User
from accounts.roles import OperatorRole
from accounts.services import operators
from incentives_portal.core.commands import PortalCommand


class Command(PortalCommand):
    help = (
        "Makes a person of the operator, or gives one another role. A new person's password is asked for in the terminal, "
        "or read from the first line of standard input with --password-stdin; it is never an argument."
    )

    exclusive = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="The address to sign in with; must not belong to a partner's person.")
        parser.add_argument("--role", required=True, choices=[*OperatorRole.values, operators.SUPERUSER])
        parser.add_argument("--name", default="", help="The person's name; by default the address.")
        parser.add_argument("--language", default="en", choices=["en", "sv"])
        parser.add_argument("--password-stdin", action="store_true", help="Read the password from standard input.")

    def run(self, **options: Any) -> dict[str, Any]:
        email = options["email"].strip().lower()
        known = User.objects.filter(email=email).exists()
        password = None if known else self._password(from_stdin=options["password_stdin"], email=email)
        try:
            person = operators.make_operator(
                email=email,
                role=options["role"],
                name=options["name"],
                language=options["language"],
                password=password,
                by=self.actor,
            )
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from None
        return {"email": person.email, "role": options["role"], "created": not known}

    def _password(self, *, from_stdin: bool, email: str) -> str:
        if not from_stdin and not sys.stdin.isatty():
            raise CommandError("No terminal to ask for a password: give one on standard input with --password-stdin.")
        password = sys.stdin.readline().rstrip("\n") if from_stdin else getpass.getpass("Password: ")
        if not from_stdin and getpass.getpass("Password (again): ") != password:
            raise CommandError("The two passwords differ.")
        try:
            validate_password(password, User(email=email))
        except ValidationError as weak:
            raise CommandError(" ".join(weak.messages)) from None
        return password
