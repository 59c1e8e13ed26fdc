"""A mail's texts: rendered for one person, or once for the many who get the same mail but for a few words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import escape

# What stands in a form's gaps until they are filled. Nobody's name holds control characters: with them it would be rendered by itself.
_TEXT_GAP, _HTML_GAP = "\x01%s\x02", "\x03%s\x02"
_GAPS = re.compile("([\x01\x03][^\x02]*)\x02")


class Recipient(Protocol):
    """A person who can be written to."""

    email: str
    language: str
    name: str


class Texts(NamedTuple):
    """What a mail says."""

    subject: str
    text: str
    html: str


def texts(kind: str, to: Recipient, context: Mapping[str, Any]) -> Texts:
    """`templates/mail/<kind>.subject.txt`, `.txt` and `.html`, rendered in the person's language."""
    values = {"recipient": to, **context}
    return _rendered(kind, to.language, values, values)


def _rendered(kind: str, language: str, in_text: Mapping[str, Any], in_html: Mapping[str, Any]) -> Texts:
    about_us = {
        "portal_url": settings.PORTAL_URL,
        "partner_center": settings.PARTNER_CENTER_NAME,
        "operator_name": settings.OPERATOR_NAME,
    }
    with translation.override(language):
        subject = render_to_string(f"mail/{kind}.subject.txt", {**about_us, **in_text})
        text = render_to_string(f"mail/{kind}.txt", {**about_us, **in_text})
        html = render_to_string(f"mail/{kind}.html", {**about_us, **in_html})
    return Texts(subject, text, html)


@dataclass(frozen=True, slots=True)
class Form:
    """A mail that many get: rendered once per language, with gaps for what is each one's own.

    `context` is what all have in common, `gaps` are the names of the texts that differ, as the templates have them
    (`location.name`); the person's own name and address always do. Templates may show what stands in a gap and ask whether
    anything does, nothing else.
    """

    kind: str
    context: Mapping[str, Any]
    gaps: tuple[str, ...]
    _by_language: dict[str, list[list[str]]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def texts(self, to: Recipient, own: Mapping[str, str]) -> Texts:
        """The mail to one person, whose gaps are filled by `own`: the same as rendered for them alone."""
        filling = {"recipient.name": to.name, "recipient.email": to.email, **own}
        if not all(value and value.isprintable() for value in filling.values()):
            return texts(self.kind, to, {**self.context, **_nested(own)})
        if to.language not in self._by_language:
            self._by_language[to.language] = self._with_gaps(to.language)
        fillings = {_TEXT_GAP[0] + name: value for name, value in filling.items()}
        fillings |= {_HTML_GAP[0] + name: escape(value) for name, value in filling.items()}
        return Texts(*("".join([fillings.get(piece, piece) for piece in pieces]) for pieces in self._by_language[to.language]))

    def _with_gaps(self, language: str) -> list[list[str]]:
        """Subject, text and HTML, each in pieces: in turn what stands between two gaps and the name of the gap."""
        names = ("recipient.name", "recipient.email", *self.gaps)
        in_text, in_html = ({**self.context, **_nested({name: gap % name for name in names})} for gap in (_TEXT_GAP, _HTML_GAP))
        in_text["recipient"]["language"] = in_html["recipient"]["language"] = language
        return [_GAPS.split(text) for text in _rendered(self.kind, language, in_text, in_html)]


def _nested(values: Mapping[str, str]) -> dict[str, Any]:
    """`{"location.name": "Göteborg"}` as templates look it up."""
    nested: dict[str, Any] = {}
    for name, value in values.items():
        *around, last = name.split(".")
        inner = nested
        for part in around:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return nested
