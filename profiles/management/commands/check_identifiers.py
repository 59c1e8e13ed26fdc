"""Checks bank and tax numbers of a file, for operations (rule PAY-3)."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils.translation import override
from django_countries import countries

from incentives_portal.core.commands import PortalCommand
from profiles.identifiers.kinds import ALIASES, all_kinds
from profiles.identifiers.sheet import LONGEST_LINE, Answer, SheetError, answers
from profiles.reasons import explained

# Not countries of the list, but of the numbers: Kosovo's IBANs, and the VAT numbers of Northern Ireland.
ALSO = frozenset({"XI", "XK"})


class Command(PortalCommand):
    help = (
        "Checks bank and tax numbers with the rules of the portal's forms. FILE is CSV with the columns country,kind,value; - reads "
        "standard input. Every line gives one result, with --json one JSON object in a line of its own; the summary follows on "
        "standard error, with --json as JSON too. No result repeats a number. A refused number is a result and no failure: the exit "
        f"code is 0 unless --strict is given. Kinds: {', '.join(all_kinds())}. Other names: "
        f"{', '.join(f'{name} ({kind})' for name, kind in ALIASES.items())}."
    )

    exclusive = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="a CSV file in UTF-8, one number a line, or - for standard input")
        parser.add_argument("--strict", action="store_true", help="exit with 3 where any number is refused")
        parser.add_argument(
            "--language", choices=[code for code, _name in settings.LANGUAGES], default="en", help="the language of the reasons"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        counts: Counter[str] = Counter()
        self._strict = options["strict"]
        known = frozenset(countries.countries) | ALSO
        try:
            with override(options["language"]), _opened(options["file"]) as source:
                for answer in self.track(answers(_lines(source), countries=known), "Checking"):
                    counts["ok" if answer.finding.ok else answer.finding.code] += 1
                    self.stdout.write(_as_json(answer) if self._as_json else _as_text(answer))
        except SheetError as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"The file can't be read: {error.strerror}. Name a CSV file, or - for standard input.") from None
        refused = {code: count for code, count in sorted(counts.items()) if code != "ok"}
        return {"checked": counts.total(), "ok": counts["ok"], "refused": sum(refused.values()), "reasons": refused}

    def show(self, result: dict[str, Any]) -> None:
        self.stderr.write(f"{result['checked']} checked, {result['ok']} right, {result['refused']} refused.")

    def show_json(self, result: dict[str, Any]) -> None:
        self.stderr.write(json.dumps(result))

    def complaint(self, result: dict[str, Any]) -> str:
        return f"{result['refused']} numbers are refused." if self._strict and result["refused"] else ""


def _opened(name: str) -> AbstractContextManager[BinaryIO]:
    if name == "-":
        return nullcontext(sys.stdin.buffer)
    path = Path(name)
    if not path.is_file():
        raise CommandError("There is no such file. Name a CSV file, or - for standard input.")
    return path.open("rb")


def _lines(source: BinaryIO) -> Iterator[bytes]:
    """The lines of a file; of one that is too long only as much as shows it."""
    while line := source.readline(LONGEST_LINE + 1):
        yield line
        while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            line = source.readline(LONGEST_LINE + 1)


def _as_json(answer: Answer) -> str:
    found = answer.finding
    row: dict[str, Any] = {"line": answer.line, "country": answer.country, "kind": answer.kind, "ok": found.ok, "code": found.code}
    row["text"] = "" if found.ok else explained(found.code, found.detail)
    if answer.bank.name or answer.bank.bic:
        row["bank"] = {"name": answer.bank.name, "bic": answer.bank.bic}
    return json.dumps(row, ensure_ascii=False)


def _as_text(answer: Answer) -> str:
    found = answer.finding
    said: Iterable[str] = (answer.bank.name, answer.bank.bic) if found.ok else (explained(found.code, found.detail),)
    parts = (f"line {answer.line}:", answer.country, answer.kind, "right" if found.ok else "refused:", *said)
    return " ".join(part for part in parts if part)
