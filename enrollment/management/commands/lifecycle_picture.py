from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import translation

from enrollment.lifecycle import transitions
from enrollment.lifecycle_picture import arrows, markdown, svg
from incentives_portal.core.commands import PortalCommand


class Command(PortalCommand):
    help = "Draws docs/lifecycle.svg and docs/lifecycle.md from the code. With --check: fails where they are stale."
    requires_system_checks: list[str] = []
    recorded = exclusive = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the files are stale")

    def run(self, *, check: bool, **options: Any) -> dict[str, Any]:
        folder = settings.BASE_DIR / "docs"
        with translation.override("en"):
            grouped = arrows(transitions())
            texts = {folder / "lifecycle.svg": svg(grouped), folder / "lifecycle.md": markdown(grouped)}
        stale = [path for path, text in texts.items() if not path.exists() or path.read_text() != text]
        if check and stale:
            raise CommandError("The lifecycle picture is stale; run `make docs`.")
        for path in stale:
            path.write_text(texts[path])
        return {"changes_of_status": len(grouped), "files_written": len(stale)}
