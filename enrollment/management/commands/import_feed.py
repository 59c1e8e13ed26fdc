"""Imports the feed of the membership system."""

from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import CommandError, CommandParser
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from enrollment.errors import RefusedError
from enrollment.feed.importing import import_feed
from incentives_portal.core.commands import PortalCommand


class Command(PortalCommand):
    help = (
        "Imports partners, locations, agreements, designations and users (CSV) and programs (JSON) from a folder: "
        "all of it, or, with any error, nothing and a report of every error by file, row and column."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", metavar="DIR", help="the folder with partners.csv, locations.csv and so on")
        parser.add_argument("--dry-run", action="store_true", help="check everything and say what would change; change nothing")

    def run(self, **options: Any) -> dict[str, Any]:
        directory = Path(options["directory"])
        if not directory.is_dir():
            raise CommandError(f"{directory} is no folder. Name the folder that holds partners.csv and the other files.")
        try:
            imported = import_feed(
                directory, by=self.actor, dry_run=options["dry_run"], track=lambda rows, file: self.track(rows, f"Reading {file}")
            )
        except RefusedError as refused:
            raise CommandError(refused.message) from None
        return imported.as_json()

    def complaint(self, result: dict[str, Any]) -> str:
        number = result["error_count"]
        return f"{number} error{'' if number == 1 else 's'} in the feed. Nothing was imported." if number else ""

    def show(self, result: dict[str, Any]) -> None:
        table = _errors(result) if result["error_count"] else _counts(result)
        Console(file=cast(IO[str], self.stdout), width=None if self.stdout.isatty() else 160).print(table)
        unlisted = result["error_count"] - len(result["errors"])
        if unlisted:
            self.stdout.write(f"… and {unlisted} more.")
        if result["dry_run"] and not result["error_count"]:
            self.stdout.write("Dry run: nothing was changed.")


def _errors(result: dict[str, Any]) -> Table:
    table = Table("File", "Row", "Column", "Value", "What is wrong")
    for error in result["errors"]:
        row = "" if error["row"] is None else str(error["row"])
        table.add_row(*(escape(text) for text in (error["file"], row, error["column"], error["value"], error["message"])))
    return table


def _counts(result: dict[str, Any]) -> Table:
    table = Table("File", "Rows", "Created", "Updated", "Unchanged")
    for file, counts in result["files"].items():
        table.add_row(file, *(str(counts[name]) for name in ("rows", "created", "updated", "unchanged")))
    return table
