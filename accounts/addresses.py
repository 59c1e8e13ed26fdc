"""Addresses as people paste them: one per line, or as a mail client writes them down."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from incentives_portal.core.visible import visible_text

# What stands between two addresses; not within quotes and not within <…>.
BETWEEN = re.compile(r"""("[^"]*"|<[^<>]*>)|[,;]""")
NAMED = re.compile(r"^(?P<name>.*?)\s*<\s*(?P<address>[^<>]*?)\s*>$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Pasted:
    """One of the addresses; `typed` is how it stood there, `wrong` why it can't be used."""

    typed: str
    email: str
    wrong: str = ""


def read(text: str) -> list[Pasted]:
    """The addresses in `text`, each once, in their order: by line, comma or semicolon, *Name <a@b>* or *Last, First <a@b>*."""
    found: dict[str, Pasted] = {}
    for line in text.splitlines():
        for typed in _rejoined(list(_pieces(line))):
            one = _checked(typed)
            found.setdefault(one.email or one.typed, one)
    return list(found.values())


def _pieces(text: str) -> Iterator[str]:
    start = 0
    for match in BETWEEN.finditer(text):
        if match[1]:
            continue
        yield text[start : match.start()].strip()
        start = match.end()
    yield text[start:].strip()


def _rejoined(pieces: list[str]) -> Iterator[str]:
    """Puts *Last, First <a@b>* together again, where the comma was no end."""
    held = ""
    for piece in filter(None, pieces):
        if held and NAMED.match(piece) and not piece.startswith("<"):
            yield f"{held}, {piece}"
            held = ""
            continue
        if held:
            yield held
        held = piece if "@" not in piece and not NAMED.match(piece) else ""
        if not held:
            yield piece
    if held:
        yield held


def _checked(typed: str) -> Pasted:
    named = NAMED.match(typed)
    email = (named["address"] if named else typed).strip().removeprefix("mailto:").lower()
    try:
        visible_text(email)
        validate_email(email)
    except ValidationError as wrong:
        said = " ".join(wrong.messages) if wrong.code == "invisible" else _("This is no e-mail address.")
        return Pasted(typed, "", said)
    return Pasted(typed, email)
