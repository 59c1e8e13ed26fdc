"""One cell of the feed: from its text to its value. Raises ValueError, whose message says what to write instead."""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django_countries import countries

from accounts.roles import PartnerRole
from incentives_portal.core.visible import visible_text

Reader = Callable[[str], object]

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_IDENTIFIER = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
COUNTRIES = frozenset(countries.countries)
LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)


def clean(raw: str) -> str:
    """The text without surrounding blanks. Refuses what no table can hold or no page should show."""
    text = raw.strip()
    if not text.isprintable():
        for char in text:
            _refuse_char(char)
    return text


def _refuse_char(char: str) -> None:
    if char == "\0":
        raise ValueError("holds a NUL byte; export the file again as UTF-8 text")
    category = unicodedata.category(char)
    if category == "Cs":
        raise ValueError("is not UTF-8; save the file with the encoding UTF-8")
    if category == "Cc" or char in "\u2028\u2029":
        raise ValueError("holds a line break or another control character; remove it")


def text(limit: int, *, optional: bool = False) -> Reader:
    """A text of at most `limit` characters; empty is allowed where `optional`."""

    def read(raw: str) -> str:
        value = clean(raw)
        if not value and not optional:
            raise ValueError("is empty; it must be given")
        if len(value) > limit:
            raise ValueError(f"has {len(value)} characters; at most {limit} fit")
        return value

    return read


def identifier(*, optional: bool = False) -> Reader:
    """A key of the membership system: letters, digits, dot, hyphen and underscore, at most 20. Empty reads as none."""
    limited = text(20, optional=optional)

    def read(raw: str) -> str | None:
        value = str(limited(raw))
        if value and not _IDENTIFIER.fullmatch(value):
            raise ValueError("is no identifier; it has only letters, digits, dot, hyphen and underscore")
        return value or None

    return read


def identifiers(raw: str) -> list[str]:
    """Keys separated by semicolons; none means the entire organization. A key that is named twice counts once."""
    one = identifier()
    return [str(one(part)) for part in dict.fromkeys(clean(raw).split(";"))] if raw.strip() else []


@lru_cache(maxsize=20_000)
def _day_of(value: str) -> dt.date:
    if not _ISO_DAY.fullmatch(value):
        raise ValueError("is no date; write it as YYYY-MM-DD, for example 2026-07-01")
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise ValueError("is a day that no calendar has; check month and day") from None


def day(*, optional: bool = False) -> Reader:
    """A date as YYYY-MM-DD. Empty reads as none where `optional`."""

    def read(raw: str) -> dt.date | None:
        value = clean(raw)
        if value:
            return _day_of(value)
        if optional:
            return None
        raise ValueError("is empty; a date as YYYY-MM-DD must be given")

    return read


def boolean(raw: str) -> bool:
    """`true` or `false`; spreadsheets write them in capitals."""
    value = clean(raw).lower()
    if value not in {"true", "false"}:
        raise ValueError("is neither true nor false")
    return value == "true"


def country(raw: str) -> str:
    """A country by its two capital letters."""
    value = clean(raw)
    if value not in COUNTRIES:
        raise ValueError("is no country; write its two capital letters by ISO 3166, for example SE")
    return value


def _one_of(choices: tuple[str, ...]) -> Reader:
    def read(raw: str) -> str:
        value = clean(raw)
        if value not in choices:
            raise ValueError(f"is unknown here; write one of {', '.join(choices)}")
        return value

    return read


language = _one_of(LANGUAGES)
role = _one_of(tuple(PartnerRole.values))


def email(*, optional: bool = False) -> Reader:
    """An e-mail address of at most 254 characters, in lower case, so that one person is one address."""
    limited = text(254, optional=optional)

    def read(raw: str) -> str:
        value = str(limited(raw)).lower()
        if value:
            try:
                visible_text(value)
                validate_email(value)
            except ValidationError:
                raise ValueError("is no e-mail address; it looks like name@company.example") from None
        return value

    return read
