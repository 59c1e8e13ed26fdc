"""What people paste, made plain: separators and case are forgiven, anything that only looks like a number isn't.

A digit of another script or an invisible mark would be stored as something else than what the eye saw, so it is named
and refused, not guessed at.
"""

import unicodedata

LONGEST_INPUT = 100
MASKS = frozenset("•●∙·▪█*…")
LINE_SPACE = frozenset("\t\n\r")
HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})
DASHED = {"ein": (2, 7), "itin": (3, 2, 4), "ssn": (3, 2, 4)}
MINUS = "\N{MINUS SIGN}"
KATAKANA_AFTER_HIRAGANA = ord("ァ") - ord("ぁ")


class RefusedError(ValueError):
    """A number that cannot be right: `code` is a code of `profiles.reasons`, `detail` what was expected, never the number."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


def plain(text: str, *, separators: str = "", letters: str = "") -> str:
    """`text` in capitals without white space, dashes and `separators`. Raises RefusedError.

    Non-breaking and thin spaces and every kind of dash count as separators; `letters` are let through beside A-Z.
    """
    if len(text) > LONGEST_INPUT:
        raise RefusedError("too_long", str(LONGEST_INPUT))
    if text.isascii() and text.isalnum():  # as it is stored: nothing to refuse or to leave out
        return text.upper()
    _refuse_what_deceives(text)
    bare = "".join(char for char in text if not (_separates(char) or char in separators))
    if not bare:
        raise RefusedError("empty")
    bare = bare.upper()
    if any(not char.isascii() and char not in letters for char in bare):
        raise RefusedError("not_ascii_letters")
    return bare


def spelled(text: str) -> str:
    """A name in katakana as banks exchange it: full width kana, half width letters, single spaces. Raises RefusedError."""
    if len(text) > LONGEST_INPUT:
        raise RefusedError("too_long", str(LONGEST_INPUT))
    if MASKS.difference("∙·").intersection(text):
        raise RefusedError("masked_value")
    if any(unicodedata.category(char) in HIDDEN_CATEGORIES and char not in LINE_SPACE for char in text):
        raise RefusedError("hidden_characters")
    name = " ".join(unicodedata.normalize("NFKC", text).split()).upper()
    if not name:
        raise RefusedError("empty")
    return "".join(_as_katakana(char) for char in name)


def _as_katakana(char: str) -> str:
    return chr(ord(char) + KATAKANA_AFTER_HIRAGANA) if "ぁ" <= char <= "ゖ" else char


def refuse_foreign_groups(kind: str, text: str) -> None:
    """Raises RefusedError for a United States number whose dashes stand as in another of their numbers: it is that one.

    Without dashes the three can't always be told apart, so nothing is made of it.
    """
    if kind not in DASHED:
        return
    groups = "".join(
        "-" if unicodedata.category(char) == "Pd" else char for char in text[:LONGEST_INPUT] if not char.isspace()
    ).split("-")
    if len(groups) > 1 and tuple(map(len, groups)) != DASHED[kind]:
        raise RefusedError(f"{kind}_format")


def _refuse_what_deceives(text: str) -> None:
    """Raises RefusedError for what the eye can't see or tell apart; the mask comes first, as it is the likeliest mistake."""
    if MASKS.intersection(text):
        raise RefusedError("masked_value")
    if any(unicodedata.category(char) in HIDDEN_CATEGORIES and char not in LINE_SPACE for char in text):
        raise RefusedError("hidden_characters")
    if any(not char.isascii() and char.isnumeric() for char in text):
        raise RefusedError("not_ascii_digits")


def _separates(char: str) -> bool:
    return char.isspace() or char == MINUS or unicodedata.category(char) == "Pd"
