"""What a password must withstand: guessing by rule, and lists of leaked ones. Both are checked here; nobody is asked.

The validators stand in the setting AUTH_PASSWORD_VALIDATORS and run wherever somebody chooses a password.
"""

import hashlib
import re
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from zxcvbn import zxcvbn

LONGEST = 1024
# zxcvbn looks at no more; what comes after can only make a password harder to guess.
LOOKED_AT = 72
GOOD_ENOUGH = 3
# zxcvbn's own lists are English. What Swedes like to begin a password with stands here.
SWEDISH = (
    "sommar", "vinter", "höst", "vår", "lösenord", "hemligt", "hejsan", "hejhej", "välkommen", "sverige", "stockholm",
    "göteborg", "malmö", "uppsala", "måndag", "fredag", "januari", "februari", "augusti", "september", "oktober", "november",
    "december", "älskling", "kärlek", "fotboll", "hammarby", "djurgården", "blommor", "sötnos", "mamma", "pappa", "qwertyå",
)  # fmt: skip
ADVICE = _("Add another word or two. Uncommon words are better.")
# Why a password is easy to guess, by the pattern that covers most of it.
REASONS: dict[str, Promise] = {
    "passwords": _("This is much like a common password."),
    "names": _("Names are easy to guess."),
    "words": _("A single word is easy to guess."),
    "user_inputs": _("This is much like your name, your e-mail address or the portal's name."),
    "spatial": _("Keys that lie beside each other are easy to guess."),
    "repeat": _("Repetitions like “aaa” or “abcabc” are easy to guess."),
    "sequence": _("Sequences like “abc” or “6543” are easy to guess."),
    "regex": _("Recent years are easy to guess."),
    "date": _("Dates are easy to guess."),
    "bruteforce": _("This is too easy to guess."),
}
_NAMES = {"surnames", "male_names", "female_names"}
# zxcvbn keeps the words of who asks in a table of the module: one at a time.
_one_at_a_time = threading.Lock()


class MaximumLengthValidator:
    """Refuses what is too long to be typed and only costs time to look at."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > LONGEST:
            text = ngettext(
                "This password is too long. It may have at most %(count)d character.",
                "This password is too long. It may have at most %(count)d characters.",
                LONGEST,
            )
            raise ValidationError(text % {"count": LONGEST}, code="password_too_long")

    def get_help_text(self) -> str:
        return ""


class GuessableValidator:
    """Refuses what zxcvbn guesses too fast: common passwords and their variations, names, keyboard rows, dates, repetitions."""

    def validate(self, password: str, user: Any = None) -> None:
        if not password or len(password) > LONGEST:
            return
        with _one_at_a_time:
            found = zxcvbn(password[:LOOKED_AT], user_inputs=words_of(user))
        if found["score"] < GOOD_ENOUGH:
            raise ValidationError([reason_of(found["sequence"]), ADVICE], code="password_guessable")

    def get_help_text(self) -> str:
        return str(_("A few uncommon words are harder to guess than one with digits and signs."))


class LeakedValidator:
    """Refuses what stands in the file of leaked passwords, where the portal has one."""

    def validate(self, password: str, user: Any = None) -> None:
        if settings.LEAKED_PASSWORDS_FILE and is_leaked(password, Path(settings.LEAKED_PASSWORDS_FILE)):
            raise ValidationError(_("This password is known from leaks. Choose another one."), code="password_leaked")

    def get_help_text(self) -> str:
        return ""


def words_of(user: Any) -> list[str]:
    """What of this person and the portal is easy to guess: names, the address and its parts, the operator, Swedish words."""
    told = [settings.OPERATOR_NAME, settings.PARTNER_CENTER_NAME, getattr(user, "name", ""), getattr(user, "email", "")]
    parts = [part for text in told for part in re.split(r"[\W_]+", text) if len(part) > 2]
    return [*filter(None, told), *parts, *SWEDISH]


def reason_of(sequence: list[dict[str, Any]]) -> Promise:
    """The sentence about the longest pattern that zxcvbn found."""
    longest = max(sequence, key=lambda match: len(match["token"]), default={"pattern": "bruteforce"})
    if longest["pattern"] != "dictionary":
        return REASONS[longest["pattern"]]
    name = "passwords" if longest.get("matched_word") in SWEDISH else longest["dictionary_name"]
    if name in _NAMES:
        return REASONS["names"]
    return REASONS.get(name, REASONS["words"])


def is_leaked(password: str, file: Path) -> bool:
    """Whether the SHA-1 of `password` is in `file`: lines `HASH:count`, sorted by hash. Reads some forty lines of it."""
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with file.open("rb") as lines:
        low, high = 0, lines.seek(0, 2)
        # `low` is where a line begins; every line before it is smaller than what is wanted, every one from `high` on is not.
        while low < high:
            middle = (low + high) // 2
            lines.seek(middle)
            if middle:
                lines.seek(middle - 1)
                lines.readline()
            line = lines.readline()
            if line and line[:40].upper() < wanted:
                low = lines.tell()
            else:
                high = middle
        lines.seek(low)
        return lines.readline()[:40].upper() == wanted
