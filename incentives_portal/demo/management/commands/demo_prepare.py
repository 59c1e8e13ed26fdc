"""`manage.py demo_prepare`: fills an empty database with the demonstration; one that is filled is left as it is."""

import datetime as dt
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command

from accounts.models import User
from enrollment.services import invitations
from incentives_portal.core import clock
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.commands import PortalCommand
from incentives_portal.demo import authenticator_app, scenes
from incentives_portal.demo.cast import CAST

FEED = Path(__file__).resolve().parent.parent.parent / "feed"


class Command(PortalCommand):
    help = "Imports the demonstration's feed and plays its story. With --signs it only says who to sign in as and what to try."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--signs", action="store_true", help="only print who to sign in as")

    def run(self, *, signs: bool, **options: Any) -> dict[str, Any]:
        if not settings.DEMO:
            raise CommandError("demo_prepare works in demonstration mode only; start it with `make demo`")
        if not signs and not User.objects.filter(email=scenes.OPERATORS[0][0]).exists():
            # Everybody has been there for a while when the story begins, so that *Roles as of a day* has an answer for its days.
            with clock.moved_to(clock.now() - dt.timedelta(days=7)):
                call_command("import_feed", str(FEED), verbosity=0, stdout=self.stderr)
            scenes.play()
            invitations.invite_due(by=SYSTEM)
        if not signs:
            for user in User.objects.filter(email__in=[figure.email for figure in CAST]):
                authenticator_app.hand_out(user)
        return {"cast": [{"email": one.email, "name": one.name, "role": str(one.role), "try": str(one.try_this)} for one in CAST]}

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write("Sign in with one click on the sign-in page, for example as:")
        for figure in result["cast"]:
            self.stdout.write(f"  {figure['name']:<13} {figure['role']:<31} {figure['try']}")
