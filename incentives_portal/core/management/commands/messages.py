"""`manage.py messages`: finds every text and keeps the Swedish catalogue; with --check it only says what is missing."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from incentives_portal.core import catalogue
from incentives_portal.core.commands import PortalCommand


class Command(PortalCommand):
    help = "Collects every text into locale/sv and compiles it. With --check it only says what lacks Swedish or is stale."
    requires_system_checks: list[str] = []
    recorded = exclusive = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where something is missing or stale")

    def run(self, *, check: bool, **options: Any) -> dict[str, Any]:
        fresh = catalogue.fresh("sv")
        missing = catalogue.untranslated(fresh)
        for text in missing:
            self.stderr.write(f"no Swedish: {text!r}")
        if check:
            path = catalogue.po_path("sv")
            stale = not path.exists() or path.read_bytes() != catalogue.as_text(fresh)
            if missing or stale:
                raise CommandError(f"{len(missing)} texts lack Swedish; run `make messages` and translate them in {path.name}")
        else:
            catalogue.write("sv", fresh)
        return {"texts": len(fresh), "without_swedish": len(missing)}
