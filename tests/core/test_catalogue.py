"""Texts of both template engines are collected to be translated, wherever in an expression they stand."""

import re
from pathlib import Path

from django.conf import settings

from incentives_portal.core import catalogue

SAID = re.compile(r'\b_\("([^"]*)"\)')


def test_every_text_of_a_jinja_template_is_collected() -> None:
    found: dict[str, set[str]] = {}
    for where, _line, text, _context in catalogue.texts():
        found.setdefault(where, set()).add(text if isinstance(text, str) else text[0])
    for path in Path(settings.BASE_DIR, "templates").rglob("*.jinja"):
        said = set(SAID.findall(path.read_text(encoding="utf-8")))
        assert said == found.get(path.relative_to(settings.BASE_DIR).as_posix(), set()), path
