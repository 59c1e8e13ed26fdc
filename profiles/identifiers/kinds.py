"""The kinds of numbers that the checks know, and the other names that people use for them."""

from collections.abc import Iterator

from .bank_rules import RULES
from .tax_rules import FORMATS, MODULES

ALIASES = {
    "aba": "routing",
    "rtn": "routing",
    "routing_number": "routing",
    "swift": "bic",
    "sortcode": "sort_code",
    "account_number": "account",
    "organisationsnummer": "orgnr",
    "organisasjonsnummer": "orgnr",
    "organisation_number": "orgnr",
    "personnummer": "orgnr",
    "vatin": "vat",
    "mva": "vat",
    "tax_id": "tin",
}
# Where the same word means another number in each country.
LOCAL_ALIASES = {
    ("gst", "AU"): "abn",
    ("gst", "CA"): "bn",
    ("gst", "IN"): "gstin",
    ("gst", "NZ"): "ird",
    ("vat", "AE"): "trn",
}
COUNTRY_ALIASES = {"EL": "GR", "UK": "GB"}


def all_kinds() -> tuple[str, ...]:
    """Every kind that some country uses, in alphabetical order."""
    taxes: Iterator[str] = (kind for kind, _country in (*MODULES, *FORMATS))
    return tuple(sorted({*RULES, *taxes, "vat", "tin"}))


def kind_named(name: str, country: str) -> str:
    """The kind that a word stands for in a country, or nothing where it stands for none."""
    word = name.strip().lower().replace(" ", "_").replace("-", "_")
    kind = LOCAL_ALIASES.get((word, country)) or ALIASES.get(word, word)
    return kind if kind in KINDS else ""


def country_named(name: str) -> str:
    """The two letters of a country as the checks know it, or nothing where they aren't two letters."""
    code = name.strip().upper()
    return COUNTRY_ALIASES.get(code, code) if len(code) == 2 and code.isascii() and code.isalpha() else ""


KINDS = frozenset(all_kinds())
