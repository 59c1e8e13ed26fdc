"""How an account holder's name stands to the company's legal name, in words (rule PAY-3). It is explained and never blocks."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from .company_names import Comparison, compare

# A word with as many digits may be an account number that was typed in the wrong field.
DIGITS_OF_A_NUMBER = 4


@dataclass(frozen=True, slots=True)
class HolderFinding:
    """What to say: whether it is fine as it is, the conclusion, and what exactly differs."""

    fine: bool
    text: str
    details: tuple[str, ...] = ()

    @property
    def whole(self) -> str:
        """All of it in a line."""
        return " ".join((self.text, *self.details))


def about_holder(holder: str, legal_name: str) -> HolderFinding | None:
    """What is to be said about an account holder; nothing where none was typed."""
    if not holder.strip():
        return None
    found = compare(holder, legal_name)
    names = {"legal_name": legal_name}
    match found.kind:
        case "same":
            return HolderFinding(True, _("This is the company's legal name."))
        case "spelled":
            text = _("This matches the company's legal name, %(legal_name)s: only case, punctuation or the legal form differ.")
            return HolderFinding(True, text % names)
        case "other_script":
            text = _("This is in another script than the legal name, %(legal_name)s, so a reviewer compares them.")
            return HolderFinding(False, text % names)
        case "close":
            text = _("This is close to the company's legal name, %(legal_name)s, but not the same.")
            return HolderFinding(False, text % names, (*_differences(found), _advice()))
    text = _("This isn't the company's legal name, %(legal_name)s. Payments go to accounts of the company itself.")
    return HolderFinding(False, text % names, (_advice(),))


def _differences(found: Comparison) -> tuple[str, ...]:
    said = [_("“%(typed)s” stands for “%(legal)s”.") % {"typed": typed, "legal": legal} for typed, legal in found.instead]
    if found.missing:
        said.append(_("Missing here: %(words)s.") % {"words": _listed(found.missing)})
    if found.extra:
        said.append(_("Only here: %(words)s.") % {"words": _listed(found.extra)})
    return tuple(said)


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(word for word in words if sum(char.isdigit() for char in word) < DIGITS_OF_A_NUMBER) or "…"


def _advice() -> str:
    return _("If the bank has it so, save it: a reviewer looks at it, which can take the full 48 hours. If not, correct it.")
