"""The countries as a form lists them: by name, in the alphabet of the reader's language."""

import unicodedata

from django.utils.translation import get_language
from django_countries import countries

# Swedish ends with letters of its own; other marks don't count when sorting.
_AFTER_Z = str.maketrans({"å": "{", "ä": "|", "ö": "}"})


def country_choices() -> list[tuple[str, str]]:
    """Code and name of every country."""
    return sorted(((str(code), str(name)) for code, name in countries), key=lambda pair: in_alphabet(pair[1]))


def in_alphabet(name: str) -> str:
    """What to sort a name by."""
    text = name.casefold()
    if (get_language() or "").startswith("sv"):
        text = text.translate(_AFTER_Z)
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
