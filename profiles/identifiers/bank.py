"""Which identifiers the bank details of a country consist of (rule PAY-1), as a table.

Countries of the official IBAN registry use the IBAN alone; a BIC is asked for where it can't be derived. The United Kingdom
and its neighbours with British banks use sort code and account number: that is what stands on their statements, and
a British IBAN says nothing more. Countries without a row below give an account number and a BIC.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from schwifty import registry
from schwifty.exceptions import InvalidCountryCode

CREDIT_NOTE = "credit_note"


@dataclass(frozen=True, slots=True)
class BankField:
    """One identifier to ask for: what it is called there, a hint with an example, and the longest input, separators included."""

    kind: str
    label: str | Promise
    hint: str | Promise = ""
    required: bool = True
    max_length: int = 42


def _digits(kind: str, label: str | Promise, example: str, *, max_length: int = 42) -> BankField:
    return BankField(kind, label, format_lazy(_("For example {example}"), example=example), max_length=max_length)


ACCOUNT = _("Account number")
BIC = BankField("bic", _("BIC (SWIFT code)"), _("8 or 11 characters"), max_length=16)
OPTIONAL_BIC = BankField("bic", BIC.label, _("8 or 11 characters; leave empty if you don't know it"), required=False, max_length=16)
SORT_CODE = _digits("sort_code", _("Sort code"), "12-34-56", max_length=12)
BRITISH = (SORT_CODE, _digits("account", ACCOUNT, "01234567", max_length=16), OPTIONAL_BIC)

DOMESTIC: dict[str, tuple[BankField, ...]] = {
    "US": (_digits("routing", _("Routing number (ABA)"), "111000025", max_length=16), _digits("account", ACCOUNT, "000123456789")),
    "CA": (
        _digits("transit", _("Transit number"), "12345", max_length=10),
        _digits("institution", _("Institution number"), "003", max_length=6),
        _digits("account", ACCOUNT, "1234567", max_length=24),
    ),
    "GB": BRITISH,
    "GG": BRITISH,
    "IM": BRITISH,
    "JE": BRITISH,
    "AU": (_digits("bsb", _("BSB"), "062-000", max_length=12), _digits("account", ACCOUNT, "12345678", max_length=20)),
    "NZ": (_digits("account", ACCOUNT, "01-0242-0100194-00", max_length=24),),
    "IN": (_digits("ifsc", _("IFSC"), "SBIN0005943", max_length=16), _digits("account", ACCOUNT, "00000012345678901")),
    "JP": (
        _digits("bank_code", _("Bank code"), "0001", max_length=8),
        _digits("branch_code", _("Branch code"), "001", max_length=6),
        _digits("account", ACCOUNT, "1234567", max_length=14),
        BIC,
    ),
    "HK": (_digits("bank_code", _("Bank code"), "004", max_length=6), _digits("account", ACCOUNT, "123-456789-001"), BIC),
    "SG": (_digits("bank_code", _("Bank code"), "7171", max_length=8), _digits("account", ACCOUNT, "0123456789"), BIC),
    "MX": (_digits("clabe", _("CLABE"), "032180000118359719", max_length=30),),
    "ZA": (_digits("branch_code", _("Branch code"), "250655", max_length=12), _digits("account", ACCOUNT, "62001234567"), BIC),
}
ELSEWHERE = (BankField("account", ACCOUNT, _("As on the bank statement")), BIC)

# Territories whose banks are numbered in another country's system: their IBANs begin with that country.
NUMBERED_BY = {"AX": "FI"} | dict.fromkeys(["BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"], "FR")


def fields_for(country: str, payment_method: str) -> tuple[BankField, ...]:
    """What to ask for, in the order to ask. A credit note needs no account."""
    if payment_method == CREDIT_NOTE:
        return ()
    if country in DOMESTIC:
        return DOMESTIC[country]
    return _iban_fields(country) if uses_iban(country) else ELSEWHERE


def iban_country(country: str) -> str:
    """The country that the IBANs of banks in `country` begin with."""
    return NUMBERED_BY.get(country, country)


def uses_iban(country: str) -> bool:
    """Whether the official registry has an IBAN for the country; formats that are only proposed don't count."""
    try:
        return not registry.get_iban_spec(iban_country(country)).aspirational
    except InvalidCountryCode:
        return False


def needs_bic(country: str) -> bool:
    """Whether a BIC must be given beside an IBAN: not within SEPA, nor where the banks of the country are known by number."""
    prefix = iban_country(country)
    return not registry.get_iban_spec(prefix).in_sepa_zone and prefix not in registry.get_countries()


def _iban_fields(country: str) -> tuple[BankField, ...]:
    prefix = iban_country(country)
    hint = format_lazy(
        _("{length} characters, beginning with {prefix}"), length=registry.get_iban_spec(prefix).iban_length, prefix=prefix
    )
    return BankField("iban", _("IBAN"), hint, max_length=50), BIC if needs_bic(country) else OPTIONAL_BIC
