"""What a note to a partner may hold. It is sent by mail, so no account or tax number; whom one spoke with and when it may."""

import re

_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:(?:19|20)?\d\d)"
_MOMENTS = (
    *(rf"{_YEAR}{sign}{_MONTH}{sign}{_DAY}" for sign in (r"\-", r"\.", "/")),
    *(rf"{_DAY}{sign}{_MONTH}{sign}{_YEAR}" for sign in (r"\-", r"\.", "/")),
    *(rf"{_MONTH}{sign}{_DAY}{sign}{_YEAR}" for sign in (r"\-", "/")),
    r"(?:[01]?\d|2[0-3])[.:][0-5]\d",
)
# A date or a time that stands by itself, and isn't a piece of something longer.
_MOMENT = re.compile(rf"(?<!\d)(?<!\d[.\-/:])(?:{'|'.join(_MOMENTS)})(?!\d)(?![.\-/:]\d)")
# Seven digits or more, however spaced.
_LONG_NUMBER = re.compile(r"\d(?:[\s.\-/]?\d){6,}")


def holds_a_number(note: str) -> bool:
    """Whether a note seems to hold an account or a tax number; dates and times, as people write them, are none."""
    return _LONG_NUMBER.search(re.sub(r"\s+", " ", _MOMENT.sub(" ", note))) is not None
