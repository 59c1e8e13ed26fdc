"""`manage.py reference`: writes docs/reference/commands.md and settings.md from the code."""

import ast
import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.core.management.base import CommandError

from incentives_portal.core.catalogue import FOLDERS
from incentives_portal.core.commands import PortalCommand

FOLDER = Path(settings.BASE_DIR) / "docs" / "reference"
COMMON = {
    "--version",
    "-v",
    "--verbosity",
    "--settings",
    "--pythonpath",
    "--traceback",
    "--no-color",
    "--force-color",
    "--skip-checks",
}
NOTE = "<!-- Written by `make docs`; change the code instead. -->\n\n"


class Command(PortalCommand):
    help = "Writes the reference of commands and settings from the code. With --check it only says whether the files are current."
    requires_system_checks: list[str] = []
    recorded = exclusive = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file is stale")

    def run(self, *, check: bool, **options: Any) -> dict[str, Any]:
        pages = {"commands.md": _commands(), "settings.md": _settings()}
        stale = [name for name, text in pages.items() if not _is(FOLDER / name, text)]
        if check and stale:
            raise CommandError(f"{', '.join(stale)} no longer says what the code does; run `make docs`")
        for name in stale:
            FOLDER.mkdir(parents=True, exist_ok=True)
            (FOLDER / name).write_text(pages[name], encoding="utf-8")
        return {"pages": len(pages), "were_stale": len(stale)}


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


def _commands() -> str:
    """Every command of the portal's own apps: what it does, its arguments."""
    own = {config.name for config in apps.get_app_configs() if config.name.partition(".")[0] in FOLDERS}
    names = sorted(name for name, app in get_commands().items() if app in own - {"incentives_portal.demo"})
    intro = (
        "# Commands\n\n"
        "Run as `python manage.py COMMAND`. Each has `--help`; those with `--json` print one JSON object for machines. What changes\n"
        "or checks data keeps a row in the ledger of runs: arguments, who, outcome. Sentences go to standard error, in the language of\n"
        "the setting `COMMAND_LANGUAGE`; a traceback is printed where `--traceback` asks for it, and never else.\n\n"
        "| exit code | |\n|---|---|\n"
        "| 0 | done |\n"
        "| 1 | failed: the database or a file is away, or the portal is at fault |\n"
        "| 2 | wrong usage |\n"
        "| 3 | refused, or done and something is found that is wrong, such as differences |\n"
        "| 75 | another run of the same is under way; try again later |\n"
        "| 130, 143 | interrupted, by Ctrl-C or SIGTERM; what it had finished is kept |\n"
    )
    return NOTE + intro + "".join(_command(name, get_commands()[name]) for name in names)


def _command(name: str, app: Any) -> str:
    command = load_command_class(app, name)
    parser = command.create_parser("manage.py", name)
    rows = []
    for action in parser._actions:
        labels = action.option_strings or [str(action.metavar or action.dest)]
        if "--help" not in labels and not COMMON & set(labels):
            rows.append(f"| `{' '.join(labels)}` | {(action.help or '').strip().replace('|', '/')} |\n")
    table = "| argument | |\n|---|---|\n" + "".join(rows) + "\n" if rows else ""
    return f"\n## {name}\n\n{command.help.strip()}\n\n{table}".rstrip() + "\n"


def _settings() -> str:
    """Every variable that settings.py reads, with the comment above it and its default. Raises CommandError where one has none."""
    path = Path(settings.BASE_DIR) / "incentives_portal" / "settings.py"
    rows = described(path.read_text(encoding="utf-8"))
    if silent := sorted(name for name, (_default, sentence) in rows.items() if not sentence):
        raise CommandError(f"settings.py says of {', '.join(silent)} only the default; write a sentence in a comment above")
    intro = (
        "# Settings\n\n"
        "All of them come from the environment, or from a file `.env` beside `manage.py`. In production a variable without a\n"
        "default must be set; a missing one is named with an example when the portal starts.\n\n"
        "| variable | default | |\n|---|---|---|\n"
    )
    lines = [f"| `{name}` | {default} | {sentence} |\n" for name, (default, sentence) in rows.items()]
    return NOTE + intro + "".join(sorted(lines))


def described(source: str) -> dict[str, tuple[str, str]]:
    """Default and sentence of each variable that `source` reads. The comment stands above the line or above its whole statement."""
    lines, found = source.splitlines(), dict[str, tuple[str, str]]()
    for statement in ast.parse(source).body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and (variable := _variable(node)):
                name, default = variable
                own = statement.lineno if isinstance(statement, ast.Assign) else node.lineno
                sentence = _comment_above(lines, node.lineno) or _comment_above(lines, own)
                if sentence or name not in found:
                    found[name] = default, sentence
    return found


def _variable(call: ast.Call) -> tuple[str, str] | None:
    """The variable's name and default, where `call` reads one."""
    reads = isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and call.func.value.id == "env"
    asks = isinstance(call.func, ast.Name) and call.func.id == "required"
    if not (reads or asks) or not call.args or not isinstance(call.args[0], ast.Constant):
        return None
    words = {word.arg: word.value for word in call.keywords}
    if asks:
        example = words["example"]
        return call.args[0].value, f"must be set, e.g. `{ast.literal_eval(example)}`"  # type: ignore[return-value]
    default = words.get("default")
    return call.args[0].value, f"`{ast.unparse(default)}`" if default is not None else ""  # type: ignore[return-value]


def _comment_above(lines: list[str], number: int) -> str:
    """The comment that stands directly above a line, as one sentence."""
    found: list[str] = []
    index = number - 2
    while index >= 0 and (match := re.match(r"\s*# (?!---)(.*)", lines[index])):
        found.insert(0, match[1])
        index -= 1
    return " ".join(found).replace("|", "/")
